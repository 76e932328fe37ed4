/** Single sign-on sessions: started by an admission alone, found by the secret in the cookie, ended at once. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { TenantId, UserId } from '../../domain/ids.ts';
import type { SessionEvent } from '../../domain/sessions/session-events.ts';
import type { TransientKey } from '../../infra/transient-store/transient-store.ts';
import type { Admission, Standing } from '../admission.ts';
import { isFromLater } from '../clock-step.ts';
import type { Kernel } from '../kernel.ts';
import { type RequestTrace, recordSessionEvent } from './record.ts';

export const SESSION_IDLE_MS = 15 * 60_000;
export const SESSION_REMEMBERED_MS = 14 * 24 * 3_600_000;
/** A use within this time of the last recorded one writes nothing. */
export const SESSION_TOUCH_MS = 60_000;
/** How long an end is remembered: what rested on the session may be used long after it. */
export const SESSION_END_KEPT_MS = 30 * 24 * 3_600_000;
/** Grants ended at a time. */
const GRANTS_PAGE = 100;

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

/** What is left of a session that was ended on purpose. One that was merely idle leaves nothing, and ends no token. */
type EndedRecord = { readonly ended: true };

/** A fresh id and secret each time: a session known before the sign-in is worth nothing after it. */
export async function startSession(
  kernel: Kernel,
  admission: Admission & { readonly user: UserId },
  { amr, remember, trace }: StartSession,
): Promise<{ readonly session: Session; readonly cookie: string }> {
  const { tenant, user, application, atMs } = admission;
  const id = kernel.uuid();
  const { record, secret } = newRecord(admission, { amr, remember });
  const expiresAtMs = atMs + lifetimeMs(remember);
  const put = { op: 'put', key: keyOf(tenant, id), value: record, expiresAtMs, expect: 'absent' } as const;
  // A sign-in that a power cut takes away is done again.
  await kernel.transient.commit([{ ...put, tags: [`user:${user}`] }], { survives: 'crash' });
  const fact: SessionEvent = { type: 'session.session.started.v1', data: { session: id, application, amr: [...amr] } };
  await recordSessionEvent(kernel, { tenant, user, fact, trace });
  return { session: sessionOf(id, record), cookie: `${id}.${secret}` };
}

/**
 * The same user proved again who he is: the session goes on under its id, so that what rests on it stays, with a new
 * secret, so that whoever had the former cookie is out. Null: it ended meanwhile.
 */
export async function renewSession(
  kernel: Kernel,
  admission: Admission & { readonly user: UserId },
  id: string,
  { amr, remember }: Omit<StartSession, 'trace'>,
): Promise<{ readonly session: Session; readonly cookie: string } | null> {
  const { tenant, user, atMs } = admission;
  const entry = await kernel.transient.get<SessionRecord | EndedRecord>(keyOf(tenant, id));
  if (entry === null || 'ended' in entry.value || entry.value.user !== user) return null;
  const { record, secret } = newRecord(admission, { amr, remember });
  const expiresAtMs = atMs + lifetimeMs(remember);
  const put = { op: 'put', key: keyOf(tenant, id), value: record, expiresAtMs, expect: entry.version } as const;
  const renewed = await kernel.transient.commit([{ ...put, tags: [`user:${user}`] }]);
  return renewed ? { session: sessionOf(id, record), cookie: `${id}.${secret}` } : null;
}

function newRecord(
  { user, standing, atMs }: Admission & { readonly user: UserId },
  { amr, remember }: Omit<StartSession, 'trace'>,
): { readonly record: SessionRecord; readonly secret: string } {
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
  return { record, secret };
}

const COOKIE = /^([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/;

/** Null when the cookie names no living session of this tenant. Extends an idle session. */
export async function findSession(kernel: Kernel, tenant: TenantId, cookie: string): Promise<Session | null> {
  const [, id, secret] = COOKIE.exec(cookie) ?? [];
  if (id === undefined || secret === undefined) return null;
  const entry = await kernel.transient.get<SessionRecord | EndedRecord>(keyOf(tenant, id));
  if (entry === null || 'ended' in entry.value) return null;
  const given = Buffer.from(hashOf(secret));
  const expected = Buffer.from(entry.value.secretHash);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;

  const nowMs = kernel.clock();
  const { value, version } = entry;
  if (isFromLater(value.lastUsedAtMs, nowMs)) return null;
  if (nowMs - value.lastUsedAtMs > SESSION_TOUCH_MS) {
    const touched = { ...value, lastUsedAtMs: nowMs };
    const expiresAtMs = nowMs + lifetimeMs(value.remembered);
    // Lost against an end or another use of the same session: both are newer than this one.
    const put = { op: 'put', key: keyOf(tenant, id), value: touched, expiresAtMs, expect: version } as const;
    await kernel.transient.commit([{ ...put, tags: [`user:${value.user}`] }], { survives: 'crash' });
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

/** True once somebody ended it. A session that was idle too long has not ended: its tokens live on their own time. */
export async function sessionHasEnded(kernel: Kernel, tenant: TenantId, id: string): Promise<boolean> {
  const entry = await kernel.transient.get<SessionRecord | EndedRecord>(keyOf(tenant, id));
  return entry !== null && 'ended' in entry.value;
}

export interface EndSession {
  readonly tenant: TenantId;
  readonly session: Pick<Session, 'id' | 'user'>;
  readonly reason: 'logout' | 'terminated' | 'replaced';
  readonly trace: RequestTrace;
}

/** Nothing rests on the session from the moment the first write stands; the grants are then taken out one page at a time. */
export async function endSession(kernel: Kernel, { tenant, session, reason, trace }: EndSession): Promise<void> {
  const value: EndedRecord = { ended: true };
  const expiresAtMs = kernel.clock() + SESSION_END_KEPT_MS;
  await kernel.transient.commit([{ op: 'put', key: keyOf(tenant, session.id), value, expiresAtMs, expect: 'any' }]);
  await endGrantsOf(kernel, tenant, session.id);
  const fact = { type: 'session.session.ended.v1', data: { session: session.id, reason } } as const;
  await recordSessionEvent(kernel, { tenant, user: session.user, fact, trace });
}

async function endGrantsOf(kernel: Kernel, tenant: TenantId, session: string): Promise<void> {
  const query = { type: 'grant', tenant, tag: `session:${session}`, limit: GRANTS_PAGE } as const;
  let afterId: string | undefined;
  do {
    const page: readonly { readonly id: string }[] = await kernel.transient.byTag({
      ...query,
      ...(afterId === undefined ? {} : { afterId }),
    });
    const ops = page.map(({ id }) => ({ op: 'remove', key: { type: 'grant', tenant, id }, expect: 'any' }) as const);
    if (ops.length > 0) await kernel.transient.commit(ops);
    afterId = page.length < GRANTS_PAGE ? undefined : page.at(-1)?.id;
  } while (afterId !== undefined);
}
