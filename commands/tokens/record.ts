/** Tokens issued and revoked, on the application's technical stream. */
import type { AppId, TenantId, UserId } from '../../domain/ids.ts';
import type { TokenEvent } from '../../domain/tokens/token-events.ts';
import type { Position } from '../../infra/event-store/position.ts';
import { recordFailedAttempt } from '../failed-attempts.ts';
import type { Kernel } from '../kernel.ts';
import { type RequestTrace, recordTechnical, type TechnicalRecord } from '../technical-stream.ts';

export interface TokenRecord {
  readonly tenant: TenantId;
  readonly application: AppId;
  /** For whom; null when the application acts for itself. */
  readonly user: UserId | null;
  readonly fact: TokenEvent;
  readonly trace: RequestTrace;
}

export const recordTokenEvent = (kernel: Kernel, record: TokenRecord): Promise<Position> =>
  recordTechnical(kernel, recordOf(record));

/** Not each of very many. */
export const recordFailedAuthentication = (kernel: Kernel, record: TokenRecord): Promise<void> =>
  recordFailedAttempt(kernel, recordOf(record));

function recordOf({ tenant, application, user, fact, trace }: TokenRecord): TechnicalRecord {
  const actor = user === null ? { id: application, kind: 'app' as const } : { id: user, kind: 'user' as const };
  return { stream: `token-${application}`, tenant, actor, fact, trace };
}
