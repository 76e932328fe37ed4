/** Who changed what of one entity, from what to what, when and why. */
import type { DomainEvent } from '../domain/event.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import type { RequestSource } from '../infra/event-codec/event-codec.ts';
import type { Position } from '../infra/event-store/position.ts';
import type { AnyAggregate } from './entities.ts';
import { entityEvents, type Log } from './entity-stream.ts';
import { type Change, changesBetween, stateAsJson } from './state-json.ts';

export const HISTORY_PAGE_MAX = 200;

export interface HistoryEntry {
  readonly id: string;
  readonly type: string;
  readonly revision: bigint;
  readonly position: Position;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly actor: Actor | null;
  /** What was asked. */
  readonly command: string | null;
  /** Id of the command or event that led to it. */
  readonly cause: string;
  readonly correlation: string;
  readonly trace: string | null;
  /** Where the request came from; null when it was not recorded, or its key is destroyed. */
  readonly source: RequestSource | null;
  readonly data: JsonObject;
  readonly changes: readonly Change[];
  /** Personal values that the event held were erased: they are missing here for ever. */
  readonly erased: boolean;
}

export interface Actor {
  readonly kind: string;
  readonly id: string;
  /** Outermost first, where somebody acted for somebody. */
  readonly chain: readonly string[];
}

export interface HistoryRequest {
  readonly aggregate: AnyAggregate;
  readonly id: string;
  /** Exclusive. */
  readonly after: bigint | null;
  readonly limit: number;
}

export interface History {
  /** Where the entity belongs: who may see it is for the door to say. */
  readonly home: Home;
  readonly entries: readonly HistoryEntry[];
  /** Revision after which to go on; null at the end. */
  readonly next: bigint | null;
}

export interface Home {
  readonly tenant: string;
  readonly org: string;
}

/** Null: there is no such entity. */
export async function historyOf(log: Log, request: HistoryRequest): Promise<History | null> {
  const { aggregate, id, after } = request;
  const limit = Math.min(request.limit, HISTORY_PAGE_MAX);
  const entries: HistoryEntry[] = [];
  let state: unknown = aggregate.initial;
  let before: Json | undefined;
  let hasMore = false;
  for await (const event of entityEvents(log, `${aggregate.category}-${id}`)) {
    const isWanted = (after === null || event.revision > after) && entries.length < limit;
    if (entries.length === limit) hasMore = true;
    const hasFormer = event.revision > 0n || aggregate.preset === true;
    if (isWanted && before === undefined && hasFormer) before = stateAsJson(state);
    state = aggregate.evolve(state, event);
    if (!isWanted) continue;
    const now = stateAsJson(state);
    entries.push(await entryOf(log, event, changesBetween(before ?? {}, now)));
    before = now;
  }
  const home = aggregate.home(state);
  return home === null ? null : { home, entries, next: hasMore ? (entries.at(-1)?.revision ?? null) : null };
}

async function entryOf(log: Log, event: DomainEvent, changes: readonly Change[]): Promise<HistoryEntry> {
  const { id, type, revision, position, meta, data, erased } = event;
  return {
    id,
    type,
    revision,
    position,
    at: meta.at,
    actor: actorOf(event),
    command: meta.command ?? null,
    cause: meta.$causationId,
    correlation: meta.$correlationId,
    trace: meta.trace ?? null,
    source: await log.codec.openSource(event),
    data,
    changes,
    erased,
  };
}

function actorOf({ meta }: DomainEvent): Actor | null {
  if (meta.actor === undefined) return null;
  return { kind: meta.actorType ?? 'system', id: meta.actor, chain: meta.actorChain?.split(' ') ?? [] };
}
