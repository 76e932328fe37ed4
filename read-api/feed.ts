/**
 * The change feed: what happened in one tenant, in log order, resumable from any position.
 *
 * Other tenants' events stand between one's own. A mark says how far everything was looked at, so that a consumer can
 * tell a stretch without events for him from one that he has missed.
 */
import type { JsonObject } from '../domain/json.ts';
import type { EventFilter, RecordedEvent, SubscriptionMessage } from '../infra/event-store/event-store.ts';
import { encodePosition, type Position } from '../infra/event-store/position.ts';
import { TECHNICAL_CATEGORIES } from '../infra/event-store/technical-streams.ts';
import type { Log } from './entity-stream.ts';

export const FEED_PAGE_MAX = 1_000;
/** A page that finds nothing answers after this long with a mark; the consumer goes on from there. */
export const FEED_SCAN_MS_MAX = 1_000;

export interface FeedQuery {
  readonly tenant: string;
  /** Exclusive. */
  readonly after: Position | 'start';
  /** Events whose type begins with one of these; none: all. */
  readonly types: readonly string[];
  readonly org: string | null;
  /** Events that hold data of this person. */
  readonly subject: string | null;
  /** Sign-ins and tokens too, which are kept for a limited time. */
  readonly technical: boolean;
}

/** An event as the feed carries it. A value that is missing although `erased` is true was erased. */
export interface FeedEvent {
  readonly id: string;
  /** Encoded. */
  readonly position: string;
  readonly type: string;
  readonly stream: string;
  readonly revision: string;
  readonly at: string;
  readonly tenant: string;
  readonly org: string | null;
  readonly actor: string | null;
  readonly actorType: string | null;
  readonly actorChain: readonly string[];
  readonly command: string | null;
  readonly cause: string;
  readonly correlation: string;
  readonly trace: string | null;
  readonly subject: string | null;
  readonly erased: boolean;
  readonly data: JsonObject;
}

export type FeedItem =
  | {
      readonly kind: 'event';
      readonly position: Position;
      readonly event: FeedEvent;
      /** The last of its position: a safe place to resume. What was stored as one event may be read as several. */
      readonly settles: boolean;
    }
  /** Everything up to here was looked at. `live`: there is no more at present. */
  | { readonly kind: 'mark'; readonly through: Position | null; readonly live: boolean };

/** Ends with the signal. */
export async function* feed(log: Log, query: FeedQuery, signal: AbortSignal): AsyncGenerator<FeedItem> {
  const filter = filterOf(query);
  const messages = log.store.subscribe({ after: query.after, signal, ...(filter === null ? {} : { filter }) });
  for await (const message of messages) {
    if (message.kind === 'event') yield* await itemsOf(log, query, message.event);
    else yield markOf(message);
  }
}

const filterOf = ({ types }: FeedQuery): EventFilter | null => (types.length === 0 ? null : { typePrefixes: types });

const markOf = (message: Exclude<SubscriptionMessage, { kind: 'event' }>): FeedItem => ({
  kind: 'mark',
  through: message.position ?? null,
  live: message.kind === 'caught-up',
});

async function itemsOf(log: Log, query: FeedQuery, recorded: RecordedEvent): Promise<readonly FeedItem[]> {
  if (!isWanted(recorded, query)) return [];
  const decoded = await log.codec.decode([recorded]);
  return decoded.map(({ id, type, data, erased }, index): FeedItem => {
    const { stream, revision, position, meta } = recorded;
    const event: FeedEvent = {
      id,
      position: encodePosition(position),
      type,
      stream,
      revision: String(revision),
      at: meta.at,
      tenant: query.tenant,
      org: meta.org ?? null,
      actor: meta.actor ?? null,
      actorType: meta.actorType ?? null,
      actorChain: meta.actorChain?.split(' ') ?? [],
      command: meta.command ?? null,
      cause: meta.$causationId,
      correlation: meta.$correlationId,
      trace: meta.trace ?? null,
      subject: meta.subject ?? null,
      erased,
      data,
    };
    return { kind: 'event', position, event, settles: index === decoded.length - 1 };
  });
}

function isWanted({ meta, stream }: RecordedEvent, { tenant, org, subject, technical }: FeedQuery): boolean {
  if (meta.tenant !== tenant) return false;
  if (org !== null && meta.org !== org) return false;
  if (subject !== null && meta.subject !== subject) return false;
  return technical || !isTechnical(stream);
}

const isTechnical = (stream: string): boolean => TECHNICAL_CATEGORIES.has(stream.slice(0, stream.indexOf('-')));

export interface FeedPage {
  readonly events: readonly FeedEvent[];
  /** Where to go on: everything up to here was looked at. Null: nothing was ever recorded. */
  readonly through: Position | null;
  /** Ask again at once: there is more to look at. */
  readonly more: boolean;
}

export interface FeedPageRequest {
  readonly limit: number;
  /** How long to wait for a first event when there is none. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

export async function feedPage(log: Log, query: FeedQuery, request: FeedPageRequest): Promise<FeedPage> {
  const first = await scan(log, query, request);
  if (first.events.length > 0 || first.more || request.waitMs === 0) return first;

  const onwards = { ...query, after: first.through ?? query.after };
  const happened = await happensWithin(log, onwards, request);
  if (!happened.event) return { ...first, through: happened.through ?? first.through };
  return await scan(log, onwards, request);
}

async function scan(log: Log, query: FeedQuery, { limit, signal }: FeedPageRequest): Promise<FeedPage> {
  const events: FeedEvent[] = [];
  const startedMs = performance.now();
  let through = query.after === 'start' ? null : query.after;
  for await (const item of feed(log, query, signal)) {
    if (item.kind === 'event') {
      events.push(item.event);
      if (!item.settles) continue;
      through = item.position;
      if (events.length >= Math.min(limit, FEED_PAGE_MAX)) return { events, through, more: true };
      continue;
    }
    through = item.through ?? through;
    if (item.live) break;
    if (performance.now() - startedMs > FEED_SCAN_MS_MAX) return { events, through, more: true };
  }
  return { events, through, more: false };
}

async function happensWithin(
  log: Log,
  query: FeedQuery,
  { waitMs, signal }: FeedPageRequest,
): Promise<{ readonly event: boolean; readonly through: Position | null }> {
  let through: Position | null = null;
  for await (const item of feed(log, query, AbortSignal.any([signal, AbortSignal.timeout(waitMs)]))) {
    if (item.kind === 'event') return { event: true, through };
    through = item.through ?? through;
  }
  return { event: false, through };
}

/** When the first event behind a position was recorded, on whatever stream; null at the end of the log. */
export async function recordedAfter(log: Log, after: Position | 'start', signal: AbortSignal): Promise<Date | null> {
  for await (const message of log.store.subscribe({ after, signal, bufferEvents: 1 })) {
    if (message.kind === 'event') return message.event.recordedAt;
    if (message.kind === 'caught-up') return null;
  }
  return null;
}
