/**
 * Records what happened on a technical stream: sign-ins, tokens. Consumers drop repeats by event id, so nothing is
 * expected of the stream, and its retention is set with its first event.
 */
import type { EventMeta, Fact } from '../domain/event.ts';
import type { TenantId } from '../domain/ids.ts';
import type { RequestSource } from '../infra/event-codec/event-codec.ts';
import type { Position } from '../infra/event-store/position.ts';
import { instantOf, type Kernel } from './kernel.ts';

export const TECHNICAL_RETENTION_S = 90 * 24 * 3_600;

/** Whom and what a request belongs to, for the record. */
export interface RequestTrace {
  readonly correlationId: string;
  readonly traceId?: string | null;
  readonly source?: RequestSource | null;
}

export interface TechnicalRecord {
  readonly stream: string;
  readonly tenant: TenantId;
  readonly actor: { readonly id: string; readonly kind: 'user' | 'app' | 'system' };
  readonly fact: Fact;
  readonly trace: RequestTrace;
}

export async function recordTechnical(kernel: Kernel, record: TechnicalRecord): Promise<Position> {
  const { stream, tenant, actor, fact, trace } = record;
  const meta: EventMeta = {
    $correlationId: trace.correlationId,
    $causationId: trace.correlationId,
    at: instantOf(kernel.clock()),
    tenant,
    org: tenant,
    actor: actor.id,
    actorType: actor.kind,
    ...(trace.traceId === undefined || trace.traceId === null ? {} : { trace: trace.traceId }),
  };
  const source =
    trace.source === undefined || trace.source === null
      ? {}
      : { source: { ...trace.source, subject: actor.kind === 'user' ? actor.id : tenant } };
  const events = await kernel.codec.encode([{ id: kernel.uuid(), fact, meta, ...source }]);
  const { revision, position } = await kernel.store.append(stream, 'any', events);
  if (revision === 0n) await kernel.store.setRetention(stream, { maxAgeSeconds: TECHNICAL_RETENTION_S });
  return position;
}
