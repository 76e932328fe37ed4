/** A log with everything that a log can hold, as chance wills; the seed makes it again. */
import { randomUUID } from 'node:crypto';
import type { EmbeddedEventStore } from '../../infra/event-store/embedded/sqlite-event-store.ts';
import type { LogItem } from '../../infra/event-store/log-copy/log-side.ts';
import type { NewStoredEvent } from '../../infra/event-store/stored-log.ts';

/** Mulberry32: from 0 to below 1. */
export function randomBy(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** In bytes that no JSON.stringify would give back. */
const ODD_JSON = ['{"b":1.0,"a":1e3 , "2":"ü\\u00fc","1":[ ]}', '"text"', '[1,2]', '{"n":9007199254740993}', '{}'];
const META = '{"$correlationId":"a","$causationId":"a","at":"2026-01-02T03:04:05.678Z"}';

function newEvent(random: () => number): NewStoredEvent {
  const kind = random();
  const id = randomUUID();
  if (kind < 0.1) return { id, type: 'foreign', data: Buffer.from([0, 255, 1, 128]), meta: Buffer.from([254, 0]) };
  if (kind < 0.3) return { id, type: 'odd', data: ODD_JSON[Math.floor(random() * ODD_JSON.length)] ?? '{}', meta: '' };
  const data = JSON.stringify({ number: random(), text: 'x'.repeat(Math.floor(random() * 300)) });
  return { id, type: 'test.thing.happened.v1', data, meta: META };
}

export interface RandomLogOptions {
  readonly seed: number;
  readonly appends: number;
  readonly streams?: number;
}

const CATEGORIES = ['user', 'session', 'job', 'org'];

/** Appends, retention, soft removals, streams that come back, tombstones. */
export async function fillRandomly(
  store: EmbeddedEventStore,
  { seed, appends, streams = 40 }: RandomLogOptions,
): Promise<void> {
  const random = randomBy(seed);
  const names = Array.from({ length: streams }, (_, index) => `${CATEGORIES[index % CATEGORIES.length]}-s${index}`);
  let dead = 0;
  for (let append = 0; append < appends; append += 1) {
    const stream = names[Math.floor(random() * names.length)] ?? '';
    const action = random();
    const { state } = store.stored.streamInfo(stream);
    if (state === 'tombstoned') continue;
    const isTechnical = stream.startsWith('session-') || stream.startsWith('job-');
    if (action < 0.02 && dead < streams / 4) {
      await store.tombstone(stream, 'any');
      dead += 1;
    } else if (action < 0.06 && state === 'present') {
      await store.deleteStream(stream, 'any');
    } else if (action < 0.12 && isTechnical) {
      await store.setRetention(stream, random() < 0.5 ? { maxCount: 3 } : { maxAgeSeconds: 3_600, truncateBefore: 2n });
    } else {
      const count = 1 + Math.floor(random() * 4);
      const { revision } = store.stored.streamInfo(stream);
      const events = Array.from({ length: count }, () => newEvent(random));
      await store.stored.append(stream, revision ?? 'no-stream', events);
    }
  }
}

/**
 * What a copy must keep. Metadata that a server writes by itself has an id and a time of its own, and its place among the
 * events of other streams says nothing.
 */
export function essenceOf(items: readonly LogItem[]) {
  const of = (kind: LogItem['kind']) => items.filter((item) => item.kind === kind);
  return {
    events: of('event').map(({ stream, revision, id, type, json, data, meta }) => {
      return { stream, revision, id, type, json, data, meta };
    }),
    metadata: of('metadata').map(({ stream, data }) => [stream, data]),
    tombstones: of('tombstone').map(({ stream }) => stream),
  };
}
