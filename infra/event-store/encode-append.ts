/** Checks an append against the limits of the port and turns its events into text, once. */
import { AppendTooLarge, InvalidArgument } from './errors.ts';
import {
  APPEND_BYTES_MAX,
  APPEND_EVENTS_MAX,
  EVENT_BYTES_MAX,
  EVENT_TYPE,
  type EventType,
  type Expected,
  type NewEvent,
  STREAM_NAME,
  type StreamAppend,
  type StreamName,
} from './event-store.ts';

/** Strings per event of an encoded append: id, type, data, meta. */
export const EVENT_STRIDE = 4;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Event types that have passed; the set of types is small, and bounded all the same. */
const checkedTypes = new Set<EventType>();
const CHECKED_TYPES_MAX = 2_000;

export function checkStreamName(stream: StreamName): void {
  if (!STREAM_NAME.test(stream)) throw new InvalidArgument(`${JSON.stringify(stream)} is no stream name`);
}

export function checkExpected(expected: Expected): void {
  if (typeof expected !== 'bigint') return;
  if (expected < 0n || expected > BigInt(Number.MAX_SAFE_INTEGER))
    throw new InvalidArgument(`${expected} is no revision`);
}

/** Id, type, data and meta of each event in one flat array. Throws `InvalidArgument` and `AppendTooLarge`. */
export function encodeAppend({ stream, expected, events }: StreamAppend): string[] {
  checkStreamName(stream);
  checkExpected(expected);
  checkCount(events.length);
  const encoded: string[] = [];
  checkTotal(encodeEvents(events, encoded));
  return encoded;
}

/** The limits hold for all parts together; a part without events only checks its stream. */
export function encodeParts(parts: readonly StreamAppend[]): string[][] {
  const streams = new Set<StreamName>();
  let count = 0;
  let total = 0;
  const all = parts.map(({ stream, expected, events }) => {
    checkStreamName(stream);
    checkExpected(expected);
    if (streams.has(stream)) throw new InvalidArgument(`stream ${stream} occurs twice in one append`);
    streams.add(stream);
    count += events.length;
    const encoded: string[] = [];
    total += encodeEvents(events, encoded);
    return encoded;
  });
  checkCount(count);
  checkTotal(total);
  return all;
}

function encodeEvents(events: readonly NewEvent[], encoded: string[]): number {
  let bytes = 0;
  for (const event of events) bytes += encodeEvent(event, encoded);
  return bytes;
}

function checkTotal(bytes: number): void {
  if (bytes > APPEND_BYTES_MAX) throw new AppendTooLarge(APPEND_BYTES_MAX, bytes);
}

function checkCount(count: number): void {
  if (count === 0) throw new InvalidArgument('an append needs an event');
  if (count > APPEND_EVENTS_MAX) throw new InvalidArgument(`an append takes at most ${APPEND_EVENTS_MAX} events`);
}

/** Bytes by the rule of EventStoreDB: data, metadata and twice the length of the type. */
function encodeEvent({ id, type, data, meta }: NewEvent, encoded: string[]): number {
  if (!UUID.test(id)) throw new InvalidArgument(`${JSON.stringify(id)} is no UUID in lower case`);
  if (!checkedTypes.has(type)) checkType(type);
  const dataText = JSON.stringify(data);
  const metaText = JSON.stringify(meta);
  const size = Buffer.byteLength(dataText) + Buffer.byteLength(metaText) + 2 * type.length;
  if (size > EVENT_BYTES_MAX) throw new AppendTooLarge(EVENT_BYTES_MAX, size);
  encoded.push(id, type, dataText, metaText);
  return size;
}

function checkType(type: EventType): void {
  if (!EVENT_TYPE.test(type)) throw new InvalidArgument(`${JSON.stringify(type)} is no event type`);
  if (checkedTypes.size < CHECKED_TYPES_MAX) checkedTypes.add(type);
}
