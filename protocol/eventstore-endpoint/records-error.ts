/** Errors of the second version of the protocol: a status with a message that says more, in a trailer of bytes. */
import statusMessages from '@eventstore/db-client/generated/status_pb.js';
import { status } from '@grpc/grpc-js';
import errors from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/errors_pb.js';
import anyMessages from 'google-protobuf/google/protobuf/any_pb.js';
import type { AppendViolation } from '../../infra/event-store/errors.ts';
import type { Expected } from '../../infra/event-store/event-store.ts';
import { expectedNumberText, WireError } from './wire-error.ts';

const PACKAGE = 'kurrentdb.protocol.v2.streams.errors';
const ACTUAL_NUMBERS = { 'no-stream': '-1', 'soft-deleted': '-5', tombstoned: '-6' } as const;
/** Of a stream that is written without a check. */
const NO_CHECK = -1;

interface Detailed {
  readonly code: status;
  readonly text: string;
  readonly name: string;
  readonly message: { serializeBinary(): Uint8Array };
}

function detailed({ code, text, name, message }: Detailed): WireError {
  const any = new anyMessages.Any();
  any.pack(message.serializeBinary(), `${PACKAGE}.${name}ErrorDetails`);
  const details = new statusMessages.Status();
  details.setCode(code as number);
  details.setMessage(text);
  details.setDetails(any);
  const error = new WireError({ code, details: text });
  error.metadata.set('grpc-status-details-bin', Buffer.from(details.serializeBinary()));
  return error;
}

export const streamAlreadyInSession = (stream: string): WireError =>
  detailed({
    code: status.ABORTED,
    text: 'A stream can occur once in an append session.',
    name: 'StreamAlreadyInAppendSession',
    message: new errors.StreamAlreadyInAppendSessionErrorDetails().setStream(stream),
  });

export interface RecordTooLarge {
  readonly stream: string;
  readonly recordId: string;
  /** Bytes. */
  readonly size: number;
  readonly max: number;
}

export const recordTooLarge = ({ stream, recordId, size, max }: RecordTooLarge): WireError =>
  detailed({
    code: status.INVALID_ARGUMENT,
    text: `A record of ${size} bytes is over the limit of ${max}.`,
    name: 'AppendRecordSizeExceeded',
    message: new errors.AppendRecordSizeExceededErrorDetails()
      .setStream(stream)
      .setRecordId(recordId)
      .setSize(size)
      .setMaxSize(max),
  });

export const transactionTooLarge = (size: number, max: number): WireError =>
  detailed({
    code: status.ABORTED,
    text: `An append of ${size} bytes is over the limit of ${max}.`,
    name: 'AppendTransactionSizeExceeded',
    message: new errors.AppendTransactionSizeExceededErrorDetails().setSize(size).setMaxSize(max),
  });

export interface Violated {
  readonly stream: string;
  readonly expected: Expected;
  readonly actual: AppendViolation['actual'];
  /** Of the check in the request; null where the stream had none. */
  readonly check?: number | null;
}

const actualText = (actual: Violated['actual']): string =>
  typeof actual === 'bigint' ? String(actual) : ACTUAL_NUMBERS[actual];

/** A session tells of one stream; where it is, and not that it was deleted. */
export function sessionRefused({ stream, expected, actual }: Violated, revision: bigint | 'no-stream'): WireError {
  if (actual === 'tombstoned')
    return detailed({
      code: status.FAILED_PRECONDITION,
      text: 'The stream is tombstoned.',
      name: 'StreamTombstoned',
      message: new errors.StreamTombstonedErrorDetails().setStream(stream),
    });
  return detailed({
    code: status.FAILED_PRECONDITION,
    text: 'The stream is not at the revision that was expected.',
    name: 'StreamRevisionConflict',
    message: new errors.StreamRevisionConflictErrorDetails()
      .setStream(stream)
      .setExpectedRevision(expectedNumberText(expected))
      .setActualRevision(actualText(revision)),
  });
}

export function checksViolated(violated: readonly Violated[]): WireError {
  const violations = violated.map(({ stream, expected, actual, check }) => {
    const state = new errors.ConsistencyViolation.StreamStateViolation()
      .setStream(stream)
      .setExpectedState(expectedNumberText(expected))
      .setActualState(actualText(actual));
    const violation = new errors.ConsistencyViolation();
    violation.setCheckIndex(check ?? NO_CHECK);
    violation.setStreamState(state);
    return violation;
  });
  return detailed({
    code: status.FAILED_PRECONDITION,
    text: `${violations.length} consistency checks failed.`,
    name: 'AppendConsistencyViolation',
    message: new errors.AppendConsistencyViolationErrorDetails().setViolationsList(violations),
  });
}
