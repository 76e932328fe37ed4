/** Errors of the EventStoreDB protocol: a gRPC status and the trailers that its clients read without a check. */
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  AccessDenied,
  AppendTooLarge,
  InvalidArgument,
  StoreTimeout,
  StoreUnavailable,
  StreamTombstoned,
  Unsupported,
  WrongExpectedRevision,
} from '../../infra/event-store/errors.ts';

type Trailers = Readonly<Record<string, string>>;

export interface WireErrorFields {
  readonly code: status;
  readonly details: string;
  readonly trailers?: Trailers;
}

/** What a handler throws to end its call. */
export class WireError extends Error implements ServiceError {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;

  constructor({ code, details, trailers = {} }: WireErrorFields) {
    super(details);
    this.name = 'WireError';
    this.code = code;
    this.details = details;
    this.metadata = new Metadata();
    for (const [key, value] of Object.entries(trailers)) this.metadata.set(key, value);
  }
}

export const invalidArgument = (details: string): WireError =>
  new WireError({ code: status.INVALID_ARGUMENT, details });

export const accessDenied = (): WireError =>
  new WireError({
    code: status.PERMISSION_DENIED,
    details: 'Access Denied',
    trailers: { exception: 'access-denied' },
  });

export const unauthenticated = (): WireError =>
  new WireError({ code: status.UNAUTHENTICATED, details: 'Unauthenticated' });

export const tooMany = (details: string): WireError => new WireError({ code: status.RESOURCE_EXHAUSTED, details });

export const serverBusy = (): WireError => new WireError({ code: status.UNAVAILABLE, details: 'Server Is Too Busy' });

/** Trailers travel in headers, and names of streams may be any text. */
const headerText = (text: string): string => encodeURI(text);

export const streamDeleted = (stream: string): WireError =>
  new WireError({
    code: status.FAILED_PRECONDITION,
    details: `Event stream '${headerText(stream)}' is deleted.`,
    trailers: { exception: 'stream-deleted', 'stream-name': headerText(stream) },
  });

const EXPECTED_NUMBERS = { any: '-2', 'no-stream': '-1', exists: '-4' } as const;

export const expectedNumberText = (expected: WrongExpectedRevision['expected']): string =>
  typeof expected === 'bigint' ? String(expected) : EXPECTED_NUMBERS[expected];

function wrongExpectedVersion({ stream, expected, actual }: WrongExpectedRevision): WireError {
  const name = headerText(stream);
  return new WireError({
    code: status.FAILED_PRECONDITION,
    details: `Append failed due to WrongExpectedVersion. Stream: ${name}, Expected version: ${expectedNumberText(expected)}`,
    trailers: {
      exception: 'wrong-expected-version',
      'stream-name': name,
      'expected-version': expectedNumberText(expected),
      // Clients take an empty text for no stream.
      'actual-version': actual === 'no-stream' ? '' : String(actual),
    },
  });
}

/** Null for a fault: its text is not for the other side. */
export function wireErrorOf(error: unknown): WireError | null {
  if (error instanceof WireError) return error;
  if (error instanceof WrongExpectedRevision) return wrongExpectedVersion(error);
  if (error instanceof StreamTombstoned) return streamDeleted(error.stream);
  if (error instanceof AppendTooLarge)
    return new WireError({
      code: status.INVALID_ARGUMENT,
      details: `Maximum Append Size of ${error.limit} Exceeded.`,
      trailers: { exception: 'maximum-append-size-exceeded', 'maximum-append-size': String(error.limit) },
    });
  if (error instanceof InvalidArgument) return invalidArgument(error.message);
  if (error instanceof AccessDenied) return accessDenied();
  if (error instanceof StoreTimeout)
    return new WireError({ code: status.ABORTED, details: 'Operation timed out waiting for the log.' });
  if (error instanceof StoreUnavailable)
    return new WireError({ code: status.UNAVAILABLE, details: 'Server Is Not Ready' });
  if (error instanceof Unsupported)
    return new WireError({ code: status.UNIMPLEMENTED, details: 'This server does not support that.' });
  return null;
}
