/** Failures of the driver in the words of the port. */
import {
  AccessDenied,
  AppendTooLarge,
  InvalidArgument,
  StoreTimeout,
  StoreUnavailable,
  StreamTombstoned,
  WrongExpectedRevision,
} from '../errors.ts';
import { APPEND_BYTES_MAX, type Expected } from '../event-store.ts';
import { DriverFailure } from './driver.ts';

export interface Attempted {
  readonly stream?: string;
  readonly expected?: Expected;
}

/** The error itself where it is a fault. */
export function storeFailure(error: unknown, { stream = '$all', expected = 'any' }: Attempted = {}): unknown {
  if (!(error instanceof DriverFailure)) return error;
  switch (error.kind) {
    case 'wrong-revision':
      return new WrongExpectedRevision(stream, expected, error.actual);
    case 'tombstoned':
      return new StreamTombstoned(stream);
    case 'denied':
      return new AccessDenied(`the event store does not let this account use ${stream}`);
    case 'too-large':
      return new AppendTooLarge(APPEND_BYTES_MAX, APPEND_BYTES_MAX + 1);
    case 'invalid':
    case 'stream-not-found':
      return new InvalidArgument(`the event store refused: ${error.message}`);
    case 'unreached':
      return new StoreUnavailable(`the event store cannot be reached: ${error.message}`, 'not-applied', {
        cause: error,
      });
    case 'lost':
      return new StoreUnavailable(`the event store was lost: ${error.message}`, 'unknown', { cause: error });
    case 'timeout':
      return new StoreTimeout('the event store did not answer in time');
    default:
      return error.kind satisfies never;
  }
}
