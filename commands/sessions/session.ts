/** Single sign-on sessions: started by an admission alone, found by the secret in the cookie, ended at once. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { TenantId, UserId } from '../../domain/ids.ts';
import type { SessionEvent } from '../../domain/sessions/session-events.ts';
import type { TransientKey } from '../../infra/transient-store/transient-store.ts';
import type { Admission, Standing } from '../admission.ts';
import type { Kernel } from '../kernel.ts';
import { type RequestTrace, recordSessionEvent } from './record.ts';

export const SESSION_IDLE_MS = 15 * 60_000;
export const SESSION_REMEMBERED_MS = 14 * 24 * 3_600_000;
/** A use within this time of the last recorded one writes nothing. */
export const SESSION_TOUCH_MS = 60_000;

const SECRET_BYTES = 32;

export interface Session {
  readonly id: string;
  readonly user: UserId;
  /** When the user proved who he is; epoch milliseconds. */
  readonly authenticatedAtMs: number;
  /** Authentication methods (RFC 8176). */
  readonly amr: readonly string[];
  readonly remembered: boolean;
  readonly standing: Standing;
}

/** A type, not an interface: JSON values need an index signature. */
type SessionRecord = {
  readonly user: string;
  readonly secretHash: string;
  readonly authenticatedAtMs: number;
  readonly lastUsedAtMs: number;
  readonly amr: readonly string[];
  readonly remembered: boolean;
  readonly standingUser: string;
};

export interface StartSession {
  readonly amr: readonly string[];
  readonly remember: boolean;
  readonly trace: RequestTrace;
}

const keyOf = (tenant: TenantId, id: string): TransientKey => ({ type: 'session', tenant, id });

const lifetimeMs = (remembered: boolean): number => (remembered ? SESSION_REMEMBERED_MS : SESSION_IDLE_MS);

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** A fresh id and secret each time: a session known before the sign-in is worth nothing after it. */
export async function startSession(
  kernel: Kernel,
  admission: Admission & { readonly user: UserId },
  { amr, remember, trace }: StartSession,
): Promise<{ readonly session: Session; readonly cookie: string }> {
  const { tenant, user, standing, application, atMs } = admission;
  const id = kernel.uuid();
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const record: SessionRecord = {
    user,
    secretHash: hashOf(secret),
    authenticatedAtMs: atMs,
    lastUsedAtMs: atMs,
    amr,
    remembered: remember,
    standingUser: standing.user ?? '-1',
  };
  const expiresAtMs = atMs + lifetimeMs(remember);
  const put = { op: 'put', key: keyOf(tenant, id), value: record, expiresAtMs, expect: 'absent' } as const;
  await kernel.transient.commit([{ ...put, tags: [`user:${user}`] }]);
  const fact: SessionEvent = { type: 'session.session.started.v1', data: { session: id, application, amr: [...amr] } };
  await recordSessionEvent(kernel, { tenant, user, fact, trace });
  return { session: sessionOf(id, record), cookie: `${id}.${secret}` };
}

/** Null when the cookie names no living session of this tenant. Extends an idle session. */
export async function findSession(kernel: Kernel, tenant: TenantId, cookie: string): Promise<Session | null> {
  const dot = cookie.indexOf('.');
  const id = cookie.slice(0, dot);
  const entry = await kernel.transient.get<SessionRecord>(keyOf(tenant, id));
  if (entry === null) return null;
  const given = Buffer.from(hashOf(cookie.slice(dot + 1)));
  const expected = Buffer.from(entry.value.secretHash);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;

  const nowMs = kernel.clock();
  const { value, version } = entry;
  if (nowMs - value.lastUsedAtMs > SESSION_TOUCH_MS) {
    const touched = { ...value, lastUsedAtMs: nowMs };
    const expiresAtMs = nowMs + lifetimeMs(value.remembered);
    // Lost against an end or another use of the same session: both are newer than this one.
    await kernel.transient.commit([
      { op: 'put', key: keyOf(tenant, id), value: touched, expiresAtMs, expect: version, tags: [`user:${value.user}`] },
    ]);
  }
  return sessionOf(id, value);
}

const sessionOf = (id: string, record: SessionRecord): Session => ({
  id,
  user: record.user as UserId,
  authenticatedAtMs: record.authenticatedAtMs,
  amr: record.amr,
  remembered: record.remembered,
  standing: { user: record.standingUser },
});

export async function sessionIsAlive(kernel: Kernel, tenant: TenantId, id: string): Promise<boolean> {
  return (await kernel.transient.get(keyOf(tenant, id))) !== null;
}

export interface EndSession {
  readonly tenant: TenantId;
  readonly session: Pick<Session, 'id' | 'user'>;
  readonly reason: 'logout' | 'terminated' | 'replaced';
  readonly trace: RequestTrace;
}

/** What rests on the session ends with it: each use asks whether it is alive. */
export async function endSession(kernel: Kernel, { tenant, session, reason, trace }: EndSession): Promise<void> {
  await kernel.transient.commit([{ op: 'remove', key: keyOf(tenant, session.id), expect: 'any' }]);
  const fact = { type: 'session.session.ended.v1', data: { session: session.id, reason } } as const;
  await recordSessionEvent(kernel, { tenant, user: session.user, fact, trace });
}
