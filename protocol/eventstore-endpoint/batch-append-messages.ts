/** Answers to an append of a batch. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import statusMessages from '@eventstore/db-client/generated/status_pb.js';
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import anyMessages from 'google-protobuf/google/protobuf/any_pb.js';
import emptyMessages from 'google-protobuf/google/protobuf/empty_pb.js';
import {
  AccessDenied,
  AppendTooLarge,
  StoreTimeout,
  StreamTombstoned,
  WrongExpectedRevision,
} from '../../infra/event-store/errors.ts';
import type { StoredAppendResult } from '../../infra/event-store/stored-log.ts';
import { callError, type OnFault } from './send.ts';
import { placeAt, streamIdentifier } from './wire-values.ts';

/** Codes of google.rpc that go with each detail. */
const CODE = {
  WrongExpectedVersion: 6,
  StreamDeleted: 5,
  AccessDenied: 7,
  Timeout: 4,
  MaximumAppendSizeExceeded: 3,
  BadRequest: 3,
  Unknown: 2,
} as const;

interface Detail {
  readonly name: keyof typeof CODE;
  readonly message: { serializeBinary(): Uint8Array };
  readonly text: string;
}

const EMPTY = new emptyMessages.Empty();

export function successResponse({ revision, position }: StoredAppendResult, stream: string): BatchAppendResp {
  const success = new streams.BatchAppendResp.Success();
  if (revision === null) success.setNoStream(EMPTY);
  else success.setCurrentRevision(String(revision));
  if (position === null) success.setNoPosition(EMPTY);
  else success.setPosition(placeAt(new shared.AllStreamPosition(), position));
  return new streams.BatchAppendResp().setSuccess(success).setStreamIdentifier(streamIdentifier(stream));
}

export function errorResponse(
  error: unknown,
  { stream, onFault }: { readonly stream: string; readonly onFault: OnFault },
): BatchAppendResp {
  const { name, message, text } = detailOf(error, stream, onFault);
  const any = new anyMessages.Any();
  any.pack(message.serializeBinary(), `event_store.client.${name}`);
  const failure = new statusMessages.Status();
  failure.setCode(CODE[name]);
  failure.setMessage(text);
  failure.setDetails(any);
  return new streams.BatchAppendResp().setError(failure).setStreamIdentifier(streamIdentifier(stream));
}

function detailOf(error: unknown, stream: string, onFault: OnFault): Detail {
  if (error instanceof WrongExpectedRevision)
    return { name: 'WrongExpectedVersion', message: wrongExpectedVersion(error), text: 'Wrong expected version' };
  if (error instanceof StreamTombstoned) {
    const message = new shared.StreamDeleted().setStreamIdentifier(streamIdentifier(stream));
    return { name: 'StreamDeleted', message, text: 'Stream is deleted' };
  }
  if (error instanceof AccessDenied)
    return { name: 'AccessDenied', message: new shared.AccessDenied(), text: 'Access denied' };
  if (error instanceof StoreTimeout) return { name: 'Timeout', message: new shared.Timeout(), text: 'Timeout' };
  if (error instanceof AppendTooLarge) {
    const message = new shared.MaximumAppendSizeExceeded().setMaxappendsize(error.limit);
    return { name: 'MaximumAppendSizeExceeded', message, text: 'Maximum append size exceeded' };
  }
  const wire = callError(error, onFault);
  if (wire.code !== 3) return { name: 'Unknown', message: new shared.Unknown(), text: wire.details };
  return { name: 'BadRequest', message: new shared.BadRequest().setMessage(wire.details), text: wire.details };
}

function wrongExpectedVersion({ expected, actual }: WrongExpectedRevision) {
  const wrong = new shared.WrongExpectedVersion();
  if (actual === 'no-stream') wrong.setCurrentNoStream(EMPTY);
  else wrong.setCurrentStreamRevision(String(actual));
  switch (expected) {
    case 'any':
      return wrong.setExpectedAny(EMPTY);
    case 'exists':
      return wrong.setExpectedStreamExists(EMPTY);
    case 'no-stream':
      return wrong.setExpectedNoStream(EMPTY);
    default:
      return wrong.setExpectedStreamPosition(String(expected));
  }
}
