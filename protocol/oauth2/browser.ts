/**
 * The browser that asks: its single sign-on session, and the secret that binds a login to it.
 *
 * Cookies of one name may come several times, set by another path, another organization or a neighbouring host. Each
 * is tried, so that a foreign one neither counts nor hides the right one.
 */
import { createHash, randomBytes } from 'node:crypto';
import { admit } from '../../commands/admit.ts';
import { findSession, SESSION_REMEMBERED_MS, type Session } from '../../commands/sessions/session.ts';
import type { Request } from '../http/route.ts';
import type { Tenant } from '../http/tenant.ts';
import type { OauthDoor } from './oauth-door.ts';

/** Published: scripts and other servers know it by this name. */
export const SESSION_COOKIE = 'commonAuthId';
const COOKIES_TRIED_MAX = 4;
const FLOW_SECRET_BYTES = 32;
const FLOW_SECRET = /^[A-Za-z0-9_-]{43}$/;

/** The session of this browser in this tenant; null when there is none, or none that still counts. */
export async function browserSession({ kernel }: OauthDoor, request: Request): Promise<Session | null> {
  const tenant = request.tenant.id;
  for (const cookie of cookieValues(request, SESSION_COOKIE)) {
    const session = await findSession(kernel, tenant, cookie);
    if (session === null) continue;
    const { user, id, standing } = session;
    const admitted = await admit(kernel, { tenant, user, session: id, since: standing });
    if (admitted.ok) return session;
  }
  return null;
}

export function sessionCookie(tenant: Tenant, value: string, remember: boolean): string {
  const { path, secure } = placeOf(tenant);
  // Other sites ask for a silent sign-in in a frame, which only a cookie of SameSite=None reaches.
  const scope = secure ? 'SameSite=None; Secure' : 'SameSite=Lax';
  const age = remember ? `; Max-Age=${SESSION_REMEMBERED_MS / 1000}` : '';
  return `${SESSION_COOKIE}=${value}; Path=${path}; HttpOnly; ${scope}${age}`;
}

export function clearedSessionCookie(tenant: Tenant): string {
  const { path, secure } = placeOf(tenant);
  return `${SESSION_COOKIE}=; Path=${path}; HttpOnly; ${secure ? 'SameSite=None; Secure' : 'SameSite=Lax'}; Max-Age=0`;
}

export interface Browser {
  /** Hash of its secret: kept with each flow, and equal only in the same browser. */
  readonly hash: string;
  /** To be set when the browser had no secret yet. */
  readonly cookie: string | null;
}

/** The browser's binding, made when it has none. */
export function bindBrowser(request: Request): Browser {
  const known = flowSecrets(request)[0];
  if (known !== undefined) return { hash: hashOf(known), cookie: null };
  const secret = randomBytes(FLOW_SECRET_BYTES).toString('base64url');
  const { secure } = placeOf(request.tenant);
  const cookie = `${flowCookieName(secure)}=${secret}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return { hash: hashOf(secret), cookie };
}

export const isSameBrowser = (request: Request, hash: string): boolean =>
  flowSecrets(request).some((secret) => hashOf(secret) === hash);

const flowSecrets = (request: Request): readonly string[] =>
  cookieValues(request, flowCookieName(placeOf(request.tenant).secure)).filter((value) => FLOW_SECRET.test(value));

/** With `__Host-` no neighbouring host can set it. Plain http has no such protection. */
const flowCookieName = (secure: boolean): string => (secure ? '__Host-muniment-flow' : 'muniment-flow');

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

function placeOf({ baseUrl }: Tenant): { readonly path: string; readonly secure: boolean } {
  const { pathname, protocol } = new URL(baseUrl);
  return { path: pathname, secure: protocol === 'https:' };
}

function cookieValues(request: Request, name: string): readonly string[] {
  const values: string[] = [];
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim() === name) values.push(part.slice(equals + 1).trim());
  }
  return values.slice(0, COOKIES_TRIED_MAX);
}
