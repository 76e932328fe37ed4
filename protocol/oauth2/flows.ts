/** What is under way in a browser: a login, a consent, a logout. Each is bound to that browser and used up once. */
import { randomUUID } from 'node:crypto';
import type { Json } from '../../domain/json.ts';
import type { TransientEntry, TransientKey } from '../../infra/transient-store/transient-store.ts';
import type { Request } from '../http/route.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import { type Browser, isSameBrowser } from './browser.ts';
import type { OauthDoor } from './oauth-door.ts';

export const FLOW_LIFETIME_MS = 15 * 60_000;

/** A type, not an interface: JSON values need an index signature. The same holds for the others. */
export type LoginFlow = {
  readonly browser: string;
  readonly request: AuthorizeRequest;
  /** The session that the login led to; null before. */
  readonly session: string | null;
};

export type ConsentFlow = {
  readonly browser: string;
  readonly request: AuthorizeRequest;
  readonly session: string;
  readonly user: string;
  readonly scopes: readonly string[];
};

export type LogoutFlow = {
  readonly browser: string;
  readonly session: string;
  readonly target: string | null;
  readonly state: string | null;
};

type Flows = {
  readonly 'login-flow': LoginFlow;
  readonly 'consent-flow': ConsentFlow;
  readonly 'logout-flow': LogoutFlow;
};

export type Flow<Type extends keyof Flows> = TransientEntry<Flows[Type]> & { readonly key: TransientKey };

/** The id of the new flow; null when too many are under way. */
export async function beginFlow<Type extends keyof Flows>(
  { kernel, pendingFlows }: OauthDoor,
  request: Request,
  type: Type,
  { browser, ...flow }: Omit<Flows[Type], 'browser'> & { readonly browser: Browser },
): Promise<string | null> {
  const id = randomUUID();
  const nowMs = kernel.clock();
  const expiresAtMs = nowMs + FLOW_LIFETIME_MS;
  if (!pendingFlows.begin({ id, tenant: request.tenant.id, ip: request.ip, expiresAtMs }, nowMs)) return null;
  const key = { type, tenant: request.tenant.id, id };
  const value = { ...flow, browser: browser.hash } as unknown as Json;
  const put = { op: 'put', key, value, expiresAtMs, expect: 'absent' } as const;
  await kernel.transient.commit([put], { survives: 'crash' });
  return id;
}

/** Null when it is unknown, over, or of another browser or tenant. */
export async function findFlow<Type extends keyof Flows>(
  { kernel }: OauthDoor,
  request: Request,
  type: Type,
  id: string | null,
): Promise<Flow<Type> | null> {
  if (id === null || !/^[0-9a-f-]{36}$/.test(id)) return null;
  const key = { type, tenant: request.tenant.id, id };
  const entry = await kernel.transient.get<Flows[Type]>(key);
  return entry !== null && isSameBrowser(request, entry.value.browser) ? { ...entry, key } : null;
}

/** False: somebody was faster. */
export async function useUpFlow(door: OauthDoor, { key, version }: Flow<keyof Flows>): Promise<boolean> {
  const { kernel, pendingFlows } = door;
  pendingFlows.end(key.id);
  return await kernel.transient.commit([{ op: 'remove', key, expect: version }]);
}

/** The login led to a session. False: another request of the same flow was faster. */
export async function finishLogin(
  { kernel }: OauthDoor,
  { key, version, value, expiresAtMs }: Flow<'login-flow'>,
  session: string,
): Promise<boolean> {
  const finished: LoginFlow = { browser: value.browser, request: value.request, session };
  const put = { op: 'put', key, value: finished, expiresAtMs, expect: version } as const;
  return await kernel.transient.commit([put], { survives: 'crash' });
}
