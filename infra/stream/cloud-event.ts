/**
 * An event as it leaves: CloudEvents 1.0 in JSON, with what the log knows of it as extension attributes.
 *
 * The data is what the log holds: personal values stay sealed, so that erasing a person reaches every copy. The source
 * address stays at home altogether, and so do the house's own aids (claims, request hashes).
 */
import { z } from 'zod';
import type { EventMeta } from '../../domain/event.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { RecordedEvent } from '../event-store/event-store.ts';
import { decodePosition, encodePosition } from '../event-store/position.ts';

export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';

const SOURCE_PREFIX = '/muniment/logs/';

/** `log` is the identity of the log: source and id together name an event for ever. */
export function asCloudEvent(event: RecordedEvent, log: string): JsonObject {
  const { meta, stream } = event;
  return {
    specversion: '1.0',
    id: event.id,
    source: `${SOURCE_PREFIX}${log}`,
    type: event.type,
    subject: stream.slice(stream.indexOf('-') + 1),
    time: meta.at,
    datacontenttype: 'application/json',
    position: encodePosition(event.position),
    stream,
    revision: String(event.revision),
    recordedat: event.recordedAt.toISOString(),
    correlation: meta.$correlationId,
    causation: meta.$causationId,
    ...given('tenant', meta.tenant),
    ...given('org', meta.org),
    ...given('actor', meta.actor),
    ...given('actortype', meta.actorType),
    ...given('actorchain', meta.actorChain),
    ...given('command', meta.command),
    ...given('trace', meta.trace),
    ...given('datasubject', meta.subject),
    ...given('sealing', meta.enc),
    data: event.data,
  };
}

const given = (name: string, value: string | undefined): JsonObject => (value === undefined ? {} : { [name]: value });

const text = z.string();

const schema = z.object({
  specversion: z.literal('1.0'),
  id: text,
  source: z.string().startsWith(SOURCE_PREFIX),
  type: text,
  time: text,
  position: text,
  stream: text,
  revision: z.string().regex(/^\d{1,19}$/),
  recordedat: text,
  correlation: text,
  causation: text,
  tenant: text.optional(),
  org: text.optional(),
  actor: text.optional(),
  actortype: z.enum(['user', 'app', 'system']).optional(),
  actorchain: text.optional(),
  command: text.optional(),
  trace: text.optional(),
  datasubject: text.optional(),
  sealing: text.optional(),
  data: z.record(z.string(), z.unknown()),
});

export interface CarriedEvent {
  readonly event: RecordedEvent;
  /** Identity of the log it was written to. */
  readonly log: string;
}

/** Null: what was read is no event of a Muniment log. */
export function fromCloudEvent(value: string): CarriedEvent | null {
  const parsed = schema.safeParse(json(value));
  if (!parsed.success) return null;
  const { id, type, stream, data, source, ...attributes } = parsed.data;
  const position = decodePosition(attributes.position);
  if (position === null) return null;
  const event: RecordedEvent = {
    id,
    type,
    stream,
    revision: BigInt(attributes.revision),
    position,
    recordedAt: new Date(attributes.recordedat),
    data: data as JsonObject,
    meta: metaOf(attributes),
  };
  return { event, log: source.slice(SOURCE_PREFIX.length) };
}

function json(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

type Attributes = Omit<z.output<typeof schema>, 'id' | 'type' | 'stream' | 'data' | 'source'>;

function metaOf(attributes: Attributes): EventMeta {
  const { time, correlation, causation, tenant, org, actor, actortype, actorchain, command, trace } = attributes;
  return {
    $correlationId: correlation,
    $causationId: causation,
    at: time,
    ...(tenant !== undefined && { tenant }),
    ...(org !== undefined && { org }),
    ...(actor !== undefined && { actor }),
    ...(actortype !== undefined && { actorType: actortype }),
    ...(actorchain !== undefined && { actorChain: actorchain }),
    ...(command !== undefined && { command }),
    ...(trace !== undefined && { trace }),
    ...(attributes.datasubject !== undefined && { subject: attributes.datasubject }),
    ...(attributes.sealing !== undefined && { enc: attributes.sealing }),
  };
}
