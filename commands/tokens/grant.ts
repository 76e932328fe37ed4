/**
 * A grant: what a user let an application have. Its tokens form one family, of which only the newest generation lives.
 *
 * The refresh token names its grant and generation and carries a keyed hash of both, so nothing secret is stored and an
 * old generation is recognised for ever: its use is a theft, and ends the family.
 */
import { timingSafeEqual } from 'node:crypto';
import type { AppId, TenantId, UserId } from '../../domain/ids.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import type { TransientEntry, TransientKey, TransientOp } from '../../infra/transient-store/transient-store.ts';
import type { Admission } from '../admission.ts';
import type { Kernel } from '../kernel.ts';

/** A type, not an interface: JSON values need an index signature. */
export type Grant = {
  readonly application: string;
  readonly user: string;
  readonly session: string | null;
  readonly scopes: readonly string[];
  readonly generation: number;
  /** Epoch milliseconds of the first token. */
  readonly grantedAtMs: number;
  readonly authenticatedAtMs: number;
  readonly amr: readonly string[];
  readonly standing: { readonly [stream: string]: string };
  /** Until when its refresh token works; epoch milliseconds. */
  readonly refreshUntilMs: number;
};

/** How long an expired grant is still known, so that its refresh token is told to be expired and not unknown. */
export const EXPIRED_GRANT_KEPT_MS = 24 * 3_600_000;

export type GrantEntry = TransientEntry<Grant> & { readonly id: string };

export const grantKey = (tenant: TenantId, id: string): TransientKey => ({ type: 'grant', tenant, id });

export interface NewGrant {
  readonly id: string;
  readonly scopes: readonly string[];
  readonly authenticatedAtMs: number;
  readonly amr: readonly string[];
  readonly lifetimeMs: number;
}

const keptUntil = (refreshUntilMs: number): number => refreshUntilMs + EXPIRED_GRANT_KEPT_MS;

/** A grant that outlives its session is not found by it. */
function tagsOf({ user, application, session }: Grant, { judged }: Admission): readonly string[] {
  const bound = judged.application?.oidc?.accessToken.revokeWithSession !== false;
  const tags = [`user:${user}`, `app:${application}`];
  return session !== null && bound ? [...tags, `session:${session}`] : tags;
}

/** To be committed together with the code that it redeems. */
export function grantOp(
  admission: Admission & { readonly user: UserId; readonly application: AppId },
  grant: NewGrant,
): TransientOp & { readonly op: 'put' } {
  const { tenant, user, application, session, standing, atMs } = admission;
  const refreshUntilMs = atMs + grant.lifetimeMs;
  const value: Grant = {
    application,
    user,
    session,
    scopes: grant.scopes,
    generation: 0,
    grantedAtMs: atMs,
    authenticatedAtMs: grant.authenticatedAtMs,
    amr: grant.amr,
    standing: { ...standing },
    refreshUntilMs,
  };
  const tags = tagsOf(value, admission);
  const expiresAtMs = keptUntil(refreshUntilMs);
  return { op: 'put', key: grantKey(tenant, grant.id), value, expiresAtMs, expect: 'absent', tags };
}

export async function findGrant(kernel: Kernel, tenant: TenantId, id: string): Promise<GrantEntry | null> {
  const entry = await kernel.transient.get<Grant>(grantKey(tenant, id));
  return entry === null ? null : { ...entry, id };
}

/** False: another request rotated or ended it first. */
export async function advanceGrant(
  kernel: Kernel,
  admission: Admission,
  entry: GrantEntry,
  lifetimeMs: number,
): Promise<boolean> {
  const { value, version, id } = entry;
  const refreshUntilMs = admission.atMs + lifetimeMs;
  const next: Grant = { ...value, generation: value.generation + 1, refreshUntilMs };
  const tags = tagsOf(value, admission);
  const expiresAtMs = keptUntil(refreshUntilMs);
  const key = grantKey(admission.tenant, id);
  return await kernel.transient.commit([{ op: 'put', key, value: next, expiresAtMs, expect: version, tags }]);
}

/** Ends all its tokens at once. Idempotent. */
export async function endGrant(kernel: Kernel, tenant: TenantId, id: string): Promise<void> {
  await kernel.transient.commit([{ op: 'remove', key: grantKey(tenant, id), expect: 'any' }]);
}

const REFRESH_TOKEN = /^r1\.([0-9a-f-]{36})\.([0-9]{1,10})\.([A-Za-z0-9_-]{43})$/;

export type RefreshTokenRefusal = { readonly reason: 'refresh-token-invalid' };

export async function refreshTokenFor(
  kernel: Kernel,
  tenant: TenantId,
  id: string,
  generation: number,
): Promise<string> {
  return `r1.${id}.${generation}.${await seal(kernel, tenant, `${id}|${generation}`)}`;
}

/** Proves that this server made the token; whether its generation lives is for the caller to see. */
export async function openRefreshToken(
  kernel: Kernel,
  tenant: TenantId,
  token: string,
): Promise<Result<{ readonly grant: string; readonly generation: number }, RefreshTokenRefusal>> {
  const match = REFRESH_TOKEN.exec(token);
  if (match === null) return refuse({ reason: 'refresh-token-invalid' });
  const [, grant = '', generation = '', given = ''] = match;
  const expected = await seal(kernel, tenant, `${grant}|${generation}`);
  if (!timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return refuse({ reason: 'refresh-token-invalid' });
  return accept({ grant, generation: Number(generation) });
}

async function seal(kernel: Kernel, tenant: TenantId, name: string): Promise<string> {
  return (await kernel.vault.blindIndex(tenant, `refresh-token|${name}`)).toString('base64url');
}
