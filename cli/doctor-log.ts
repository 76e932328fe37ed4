/** Reads the whole log once: is it continuous, does every event open and parse, and what does it speak of? */
import { eventCatalogue } from '../domain/catalogue.ts';
import type { DomainEvent } from '../domain/event.ts';
import type { EventCodec } from '../infra/event-codec/event-codec.ts';
import type { EventStore, RecordedEvent, Revision } from '../infra/event-store/event-store.ts';
import { GAP_FILLED } from '../infra/event-store/log-copy/log-side.ts';
import { comparePositions, encodePosition, type Position } from '../infra/event-store/position.ts';
import { TECHNICAL_CATEGORIES } from '../infra/event-store/technical-streams.ts';
import type { Findings } from './doctor-findings.ts';

const BATCH = 512;
const PROGRESS_EVENTS = 50_000;

export interface LogInspection {
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly findings: Findings;
  readonly progress: (text: string) => void;
  /** Sees every event that opened, in log order. */
  readonly each: (event: DomainEvent) => void;
}

export interface LogSummary {
  readonly events: number;
  readonly streams: number;
  readonly head: Position | null;
}

export async function inspectLog(inspection: LogInspection): Promise<LogSummary> {
  const { store, findings, progress } = inspection;
  const health = await store.health();
  if (!health.ok) findings.add('log', health.detail);
  const continuity = newContinuity(findings);
  let batch: RecordedEvent[] = [];
  let events = 0;
  let head: Position | null = null;
  for await (const event of store.readAll({ after: 'start' })) {
    continuity.see(event);
    head = event.position;
    batch.push(event);
    events += 1;
    if (events % PROGRESS_EVENTS === 0) progress(`log: ${events} events read`);
    if (batch.length < BATCH) continue;
    await openAll(inspection, batch);
    batch = [];
  }
  await openAll(inspection, batch);
  return { events, streams: continuity.streams(), head };
}

/** Positions ascend; in a stream no revision is missing. Technical streams may have lost their oldest events. */
function newContinuity(findings: Findings) {
  const revisions = new Map<string, Revision>();
  let last: Position | null = null;
  return {
    see({ stream, revision, position, id }: RecordedEvent): void {
      if (last !== null && comparePositions(position, last) <= 0) {
        findings.add('log', `event ${id} at ${encodePosition(position)} does not come after ${encodePosition(last)}`);
      }
      last = position;
      const former = revisions.get(stream);
      const expected = former === undefined ? 0n : former + 1n;
      const mayBeGone = TECHNICAL_CATEGORIES.has(stream.slice(0, stream.indexOf('-')));
      const isRight = mayBeGone ? revision >= expected : revision === expected;
      if (!isRight) findings.add('log', `stream ${stream} goes on with revision ${revision} instead of ${expected}`);
      revisions.set(stream, revision);
    },
    streams: () => revisions.size,
  };
}

async function openAll(inspection: LogInspection, batch: readonly RecordedEvent[]): Promise<void> {
  const { codec, findings, each } = inspection;
  for (const event of await opened(codec, batch, findings)) {
    checkForm(event, findings);
    each(event);
  }
}

/** A batch with an event that does not open is opened one by one, to name that event and go on. */
async function opened(
  codec: EventCodec,
  batch: readonly RecordedEvent[],
  findings: Findings,
): Promise<readonly DomainEvent[]> {
  try {
    return await codec.decode(batch);
  } catch (error) {
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      const cause = error instanceof Error ? error.message : String(error);
      findings.add('log', `event ${only.id} at ${encodePosition(only.position)} does not open: ${cause}`);
      return [];
    }
  }
  const single: DomainEvent[] = [];
  for (const event of batch) single.push(...(await opened(codec, [event], findings)));
  return single;
}

/** By the newest schema of its type; what was erased has holes and is not checked. */
function checkForm({ id, type, data, erased, stream, revision }: DomainEvent, findings: Findings): void {
  if (type === GAP_FILLED) return;
  const definition = eventCatalogue.get(type);
  if (definition === undefined) {
    findings.add('log', `event ${id} (${stream} ${revision}) has a type that this version does not know: ${type}`);
    return;
  }
  if (erased) return;
  const parsed = definition.schema.safeParse(data);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? '' : ` at ${issue.path.map(String).join('.')}: ${issue.message}`;
  findings.add('log', `event ${id} (${stream} ${revision}) does not have the form of ${type}${where}`);
}
