/** Values that several messages of the protocol share: ids, names of streams, expectations. */

import type { Empty, StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Expected } from '../../infra/event-store/event-store.ts';
import { invalidArgument } from './wire-error.ts';

export const EMPTY: Empty = new shared.Empty();

export const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** As text or as two halves of 64 bits, most significant first. */
export function uuidText(uuid: UUID | undefined): string {
  const structured = uuid?.getStructured();
  const text =
    structured === undefined
      ? (uuid?.getString().toLowerCase() ?? '')
      : uuidOfHalves(structured.getMostSignificantBits(), structured.getLeastSignificantBits());
  if (!UUID_TEXT.test(text)) throw invalidArgument('an id must be a UUID');
  return text;
}

function uuidOfHalves(most: string, least: string): string {
  const half = (bits: string): string => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const hex = half(most) + half(least);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function wireUuid(text: string, form: 'string' | 'structured'): UUID {
  const uuid = new shared.UUID();
  if (form === 'string') return uuid.setString(text);
  const hex = text.replaceAll('-', '');
  const half = (digits: string): string => BigInt.asIntN(64, BigInt(`0x${digits}`)).toString();
  const structured = new shared.UUID.Structured();
  structured.setMostSignificantBits(half(hex.slice(0, 16)));
  structured.setLeastSignificantBits(half(hex.slice(16)));
  return uuid.setStructured(structured);
}

export function streamName(identifier: StreamIdentifier | undefined): string {
  const name = Buffer.from(identifier?.getStreamName_asU8() ?? new Uint8Array()).toString('utf8');
  if (name === '') throw invalidArgument('the name of the stream is missing');
  return name;
}

export function streamIdentifier(name: string): StreamIdentifier {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(name));
  return identifier;
}

interface Place {
  setCommitPosition(value: string): unknown;
  setPreparePosition(value: string): unknown;
}

/** Positions have a type of their own in every answer. */
export function placeAt<P extends Place>(place: P, position: bigint): P {
  place.setCommitPosition(String(position));
  place.setPreparePosition(String(position));
  return place;
}

interface ExpectationOptions {
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
}

/** `revision` is null where the message has another expectation. */
export function expectedOf(options: ExpectationOptions, revision: string | null): Expected {
  if (revision !== null) return BigInt(revision);
  if (options.hasNoStream()) return 'no-stream';
  if (options.hasStreamExists()) return 'exists';
  if (options.hasAny()) return 'any';
  throw invalidArgument('the expected revision is missing');
}
