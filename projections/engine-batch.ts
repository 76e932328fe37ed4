/** Events as a batch of them reaches the projections: decoded, or with the reason why that failed. */
import { setTimeout as pause } from 'node:timers/promises';
import type { DomainEvent } from '../domain/event.ts';
import type { EventCodec } from '../infra/event-codec/event-codec.ts';
import type { RecordedEvent } from '../infra/event-store/event-store.ts';

const DECODE_ATTEMPTS_MAX = 3;
const DECODE_PAUSE_MS = 50;

export interface BatchItem {
  readonly recorded: RecordedEvent;
  /** Several where an old event was split. */
  readonly facts: readonly DomainEvent[];
  /** The event cannot be opened or lifted. */
  readonly error?: unknown;
}

/** `isAway`: no fault of an event, but of a server that cannot be reached; thrown on, for the caller to wait. */
export async function decodeBatch(
  codec: EventCodec,
  events: readonly RecordedEvent[],
  isAway: (error: unknown) => boolean,
): Promise<readonly BatchItem[]> {
  let decoded: readonly DomainEvent[];
  try {
    decoded = await codec.decode(events);
  } catch (error) {
    if (isAway(error)) throw error;
    // One event spoils the batch: each alone says which.
    return decodeSingly(codec, events, isAway);
  }
  // Facts come in the order of their events, and share their positions.
  let next = 0;
  return events.map((recorded) => {
    const first = next;
    while (next < decoded.length && decoded[next]?.id === recorded.id) next += 1;
    return { recorded, facts: decoded.slice(first, next) };
  });
}

async function decodeSingly(
  codec: EventCodec,
  events: readonly RecordedEvent[],
  isAway: (error: unknown) => boolean,
): Promise<readonly BatchItem[]> {
  const items: BatchItem[] = [];
  for (const recorded of events) items.push(await decodeOne(codec, recorded, isAway));
  return items;
}

async function decodeOne(
  codec: EventCodec,
  recorded: RecordedEvent,
  isAway: (error: unknown) => boolean,
): Promise<BatchItem> {
  let error: unknown;
  for (let attempt = 1; attempt <= DECODE_ATTEMPTS_MAX; attempt += 1) {
    try {
      return { recorded, facts: await codec.decode([recorded]) };
    } catch (caught) {
      if (isAway(caught)) throw caught;
      error = caught;
      if (attempt < DECODE_ATTEMPTS_MAX) await pause(DECODE_PAUSE_MS * attempt);
    }
  }
  return { recorded, facts: [], error };
}
