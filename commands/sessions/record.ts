/** Sign-ins and sessions, on the user's technical stream. */
import type { TenantId, UserId } from '../../domain/ids.ts';
import type { SessionEvent } from '../../domain/sessions/session-events.ts';
import type { Position } from '../../infra/event-store/position.ts';
import type { Kernel } from '../kernel.ts';
import { type RequestTrace, recordTechnical } from '../technical-stream.ts';

export type { RequestTrace };

export interface SessionRecordRequest {
  readonly tenant: TenantId;
  /** Null for a name that nobody has: kept on the tenant's stream. */
  readonly user: UserId | null;
  readonly fact: SessionEvent;
  readonly trace: RequestTrace;
}

export async function recordSessionEvent(
  kernel: Kernel,
  { tenant, user, fact, trace }: SessionRecordRequest,
): Promise<Position> {
  const actor = user === null ? { id: 'anonymous', kind: 'system' as const } : { id: user, kind: 'user' as const };
  return await recordTechnical(kernel, { stream: `login-${user ?? tenant}`, tenant, actor, fact, trace });
}
