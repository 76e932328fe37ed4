/** One entity as it was: at an instant, or when the log had come to a position. */
import { z } from 'zod';
import type { DomainEvent } from '../domain/event.ts';
import type { Json } from '../domain/json.ts';
import { comparePositions, decodePosition, type Position } from '../infra/event-store/position.ts';
import { parsePath, withoutValue, withValue } from '../infra/read-store/path.ts';
import type { Document, Write } from '../infra/read-store/read-store.ts';
import type { Projection } from '../projections/projection.ts';
import type { AnyAggregate } from './entities.ts';
import { entityEvents, type Log } from './entity-stream.ts';
import type { Home } from './history.ts';
import { stateAsJson } from './state-json.ts';

export type Moment =
  | { readonly kind: 'instant'; readonly instant: string }
  | { readonly kind: 'position'; readonly position: Position };

const instantText = z.iso.datetime({ offset: true });

/** An RFC 3339 instant or an encoded position; null for anything else. */
export function parseMoment(text: string): Moment | null {
  const position = decodePosition(text);
  if (position !== null) return { kind: 'position', position };
  if (!instantText.safeParse(text).success) return null;
  return { kind: 'instant', instant: new Date(text).toISOString() };
}

export interface AsOfRequest {
  readonly aggregate: AnyAggregate;
  readonly id: string;
  readonly moment: Moment;
}

export interface PastState {
  /** Where the entity belongs now: who may look is judged by that. */
  readonly home: Home;
  /** Null: it did not exist then. */
  readonly state: Json | null;
  /** Of the last event that counted; null when none did. */
  readonly revision: bigint | null;
}

/** Null: there never was such an entity. */
export async function stateAsOf(log: Log, request: AsOfRequest): Promise<PastState | null> {
  const { aggregate } = request;
  let state: unknown = aggregate.initial;
  const walked = await walk(log, request, (event) => {
    state = aggregate.evolve(state, event);
  });
  if (walked === null) return null;
  return { ...walked, state: walked.revision === null ? null : stateAsJson(state) };
}

export interface PastDocument extends Omit<PastState, 'state'> {
  readonly document: Document | null;
}

/** The document that a collection of a read model held, made anew by the projection that makes it today. */
export async function documentAsOf(
  log: Log,
  { projection, name }: { readonly projection: Projection; readonly name: string },
  request: AsOfRequest,
): Promise<PastDocument | null> {
  let document: Document | null = null;
  const walked = await walk(log, request, (event) => {
    for (const write of projection.handlers.get(event.type)?.(event) ?? []) {
      if (write.collection === name && idOf(write) === request.id) document = written(document, write);
    }
  });
  return walked === null ? null : { ...walked, document };
}

/** Visits the events up to the moment; the rest only says where the entity belongs now. */
async function walk(
  log: Log,
  { aggregate, id, moment }: AsOfRequest,
  visit: (event: DomainEvent) => void,
): Promise<{ home: Home; revision: bigint | null } | null> {
  let newest: unknown = aggregate.initial;
  let revision: bigint | null = null;
  let isPast = false;
  for await (const event of entityEvents(log, `${aggregate.category}-${id}`)) {
    newest = aggregate.evolve(newest, event);
    isPast ||= isAfter(event, moment);
    if (isPast) continue;
    visit(event);
    revision = event.revision;
  }
  const home = aggregate.home(newest);
  return home === null ? null : { home, revision };
}

const isAfter = (event: DomainEvent, moment: Moment): boolean =>
  moment.kind === 'instant' ? event.meta.at > moment.instant : comparePositions(event.position, moment.position) > 0;

const idOf = (write: Write): string => (write.kind === 'put' ? write.document.id : write.id);

function written(document: Document | null, write: Write): Document | null {
  if (write.kind === 'remove') return null;
  if (write.kind === 'put') return write.document;
  if (document === null) return null;
  let patched: Json = document;
  for (const [path, value] of Object.entries(write.set ?? {})) patched = withValue(patched, parsePath(path), value);
  for (const path of write.unset ?? []) patched = withoutValue(patched, parsePath(path));
  return patched as Document;
}
