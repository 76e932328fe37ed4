/** Folded streams, kept by stream and revision: a load reads only what was appended since. */
import { LRUCache } from 'lru-cache';
import type { Aggregate } from '../domain/aggregate.ts';
import type { DomainEvent } from '../domain/event.ts';
import type { EventCodec } from '../infra/event-codec/event-codec.ts';
import type { EventStore, RecordedEvent, Revision } from '../infra/event-store/event-store.ts';
import type { Position } from '../infra/event-store/position.ts';

export const AGGREGATES_CACHED_MAX = 20_000;

export interface Loaded<State> {
  readonly state: State;
  /** What an append must expect. */
  readonly revision: Revision | 'no-stream';
  /** Of the last event; null for an empty stream. */
  readonly position: Position | null;
}

export interface Aggregates {
  /** The newest state, whatever the read models know. */
  load<State>(aggregate: Aggregate<State>, id: string): Promise<Loaded<State>>;
  /** As of a revision, folded anew. */
  loadAt<State>(aggregate: Aggregate<State>, id: string, revision: Revision): Promise<Loaded<State>>;
  /** After an own append, so that the next load reads nothing. */
  remember<State>(aggregate: Aggregate<State>, id: string, loaded: Loaded<State>): void;
}

export const streamOf = (aggregate: { readonly category: string }, id: string): string => `${aggregate.category}-${id}`;

export function createAggregates(store: EventStore, codec: EventCodec): Aggregates {
  const cache = new LRUCache<string, Loaded<unknown>>({ max: AGGREGATES_CACHED_MAX });

  async function load<State>(aggregate: Aggregate<State>, id: string): Promise<Loaded<State>> {
    const stream = streamOf(aggregate, id);
    const cached = cache.get(stream) as Loaded<State> | undefined;
    const { state, revision: newest } = await store.streamInfo(stream);
    if (cached !== undefined && cached.revision === newest) return cached;
    if (state === 'absent') return { state: aggregate.initial, revision: 'no-stream', position: null };

    const from = cached ?? { state: aggregate.initial, revision: 'no-stream', position: null };
    const loaded = await foldFrom(from, aggregate, stream);
    if (loaded.revision !== 'no-stream') cache.set(stream, loaded);
    return loaded;
  }

  async function foldFrom<State>(from: Loaded<State>, aggregate: Aggregate<State>, stream: string) {
    const next = from.revision === 'no-stream' ? 0n : from.revision + 1n;
    const recorded: RecordedEvent[] = [];
    for await (const event of store.readStream(stream, { from: next })) recorded.push(event);
    return fold(from, aggregate, await codec.decode(recorded));
  }

  return {
    load,
    async loadAt(aggregate, id, revision) {
      const recorded: RecordedEvent[] = [];
      for await (const event of store.readStream(streamOf(aggregate, id))) {
        if (event.revision > revision) break;
        recorded.push(event);
      }
      const empty = { state: aggregate.initial, revision: 'no-stream', position: null } as const;
      return fold(empty, aggregate, await codec.decode(recorded));
    },
    remember(aggregate, id, loaded) {
      cache.set(streamOf(aggregate, id), loaded);
    },
  };
}

export function fold<State>(
  from: Loaded<State>,
  aggregate: Aggregate<State>,
  events: readonly DomainEvent[],
): Loaded<State> {
  let { state, revision, position } = from;
  for (const event of events) {
    state = aggregate.evolve(state, event);
    ({ revision, position } = event);
  }
  return { state, revision, position };
}
