/** Sign-ins and sessions, on the user's technical stream. */
import type { TenantId, UserId } from '../../domain/ids.ts';
import type { SessionEvent } from '../../domain/sessions/session-events.ts';
import type { Position } from '../../infra/event-store/position.ts';
import { recordFailedAttempt } from '../failed-attempts.ts';
import type { Kernel } from '../kernel.ts';
import { type RequestTrace, recordTechnical, type TechnicalRecord } from '../technical-stream.ts';

export type { RequestTrace };

export interface SessionRecordRequest {
  readonly tenant: TenantId;
  /** Null for a name that nobody has: kept on the tenant's stream. */
  readonly user: UserId | null;
  readonly fact: SessionEvent;
  readonly trace: RequestTrace;
}

export const recordSessionEvent = (kernel: Kernel, request: SessionRecordRequest): Promise<Position> =>
  recordTechnical(kernel, recordOf(request));

/** Not each of very many. */
export const recordFailedSignIn = (kernel: Kernel, request: SessionRecordRequest): Promise<void> =>
  recordFailedAttempt(kernel, recordOf(request));

function recordOf({ tenant, user, fact, trace }: SessionRecordRequest): TechnicalRecord {
  const actor = user === null ? { id: 'anonymous', kind: 'system' as const } : { id: user, kind: 'user' as const };
  return { stream: `login-${user ?? tenant}`, tenant, actor, fact, trace };
}
