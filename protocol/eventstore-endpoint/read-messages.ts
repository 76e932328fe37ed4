/** Messages of the answer to a read or a subscription. */

import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { StoredBytes, StoredEvent } from '../../infra/event-store/stored-log.ts';
import { streamIdentifier, wireUuid } from './wire-values.ts';

const TICKS_PER_MS = 10_000n;
const EMPTY_BYTES = new Uint8Array();

export type UuidForm = 'string' | 'structured';

const bytesOf = (stored: StoredBytes): Uint8Array => {
  if (stored === '') return EMPTY_BYTES;
  return typeof stored === 'string' ? Buffer.from(stored) : stored;
};

export function eventMessage(event: StoredEvent, form: UuidForm): ReadResp {
  const position = String(event.position);
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(wireUuid(event.id, form));
  recorded.setStreamIdentifier(streamIdentifier(event.stream));
  recorded.setStreamRevision(String(event.revision));
  recorded.setCommitPosition(position);
  recorded.setPreparePosition(position);
  recorded
    .getMetadataMap()
    .set('type', event.type)
    .set('content-type', event.json ? 'application/json' : 'application/octet-stream')
    .set('created', String(BigInt(event.recordedAtMs) * TICKS_PER_MS));
  recorded.setCustomMetadata(bytesOf(event.meta));
  recorded.setData(bytesOf(event.data));
  const read = new streams.ReadResp.ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(position);
  return new streams.ReadResp().setEvent(read);
}

export function confirmationMessage(subscriptionId: string): ReadResp {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(subscriptionId);
  return new streams.ReadResp().setConfirmation(confirmation);
}

export function checkpointMessage(position: bigint): ReadResp {
  const checkpoint = new streams.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(position));
  checkpoint.setPreparePosition(String(position));
  return new streams.ReadResp().setCheckpoint(checkpoint);
}

export const caughtUpMessage = (): ReadResp => new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp());

export function streamNotFoundMessage(stream: string): ReadResp {
  const notFound = new streams.ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(streamIdentifier(stream));
  return new streams.ReadResp().setStreamNotFound(notFound);
}

export const lastStreamPositionMessage = (revision: bigint): ReadResp =>
  new streams.ReadResp().setLastStreamPosition(String(revision));
