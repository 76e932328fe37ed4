/** Who walks the routes, and what a route is to him. */
import { vi } from 'vitest';
import { systemScopes } from '../../domain/applications/api-resources.ts';
import { encodePosition } from '../../infra/event-store/position.ts';
import type { Route } from '../../protocol/http/route.ts';
import { codeFor, newPkce, redeem } from '../protocol/oauth2/browser.ts';
import { basic, type TestServer } from '../support/server.ts';
import { addressOnly, ask, browserAt, newClient, newTenant, newUser, ownToken } from '../support/server-client.ts';

export const DOMAIN = 'walk.example';
export const PASSWORD = 'Correct-horse-9';
export const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
export const scopesOf = ({ access }: Route): readonly string[] => (access.kind === 'scopes' ? access.scopes : []);
const isOpen = ({ access }: Route): boolean => access.kind === 'public' || access.kind === 'handler';
export const pathOf = ({ path }: Route): string =>
  path.replaceAll(/:[A-Za-z]+/g, '0198a0c0-0000-7000-8000-000000000001');

/** Routes that ask for a credential. */
export const guardedRoutes = ({ routes }: Pick<TestServer, 'routes'>): readonly Route[] =>
  routes.filter((route) => !isOpen(route));

/** What every user may do with his own account. */
export const isOwnAccount = (route: Route): boolean => scopesOf(route).includes('internal_login');

/** Routes that ask for a right which not every user has. */
export const scopedRoutes = (server: Pick<TestServer, 'routes'>): readonly Route[] =>
  guardedRoutes(server).filter((route) => route.access.kind === 'scopes' && !isOwnAccount(route));

/** Of the last event; any event that was left moves it. */
export async function headOf({ kernel }: Pick<TestServer, 'kernel'>): Promise<string> {
  const position = await kernel.store.head();
  return position === null ? '' : encodePosition(position);
}

export interface Credentials {
  readonly nobody: string;
  readonly endUser: string;
  readonly endUserToken: string;
  readonly idToken: string;
  readonly expired: string;
  readonly foreign: string;
  readonly tampered: string;
  /** By the scopes that the token does not have. */
  lacking(scopes: readonly string[]): Promise<string>;
  holding(scopes: readonly string[]): Promise<string>;
}

const bearer = (token: string): string => `Bearer ${token}`;

/** What an attacker may have in his hands. */
export async function prepareCredentials(server: TestServer): Promise<Credentials> {
  const owner = await newTenant(server, DOMAIN);
  const every = [...systemScopes];
  const client = await newClient(server, { name: 'Walker', scopes: every });
  const brief = await newClient(server, {
    name: 'Brief',
    scopes: every,
    oidc: { accessToken: { type: 'JWT', applicationAccessTokenExpiryInSeconds: 1 } },
  });
  const expiring = await ownToken(server, brief, every);
  const expiresAtMs = Date.now() + 1_000;
  const stranger = await newClient(server, { name: 'Stranger', scopes: every, ...owner });
  await newUser(server, { userName: 'kim', password: PASSWORD, emails: ['kim@example.com'] });
  const pkce = newPkce();
  const code = await codeFor(browserAt(server), client, { userName: 'kim', password: PASSWORD, pkce });
  const tokens = await redeem(addressOnly(server), client, code, { verifier: pkce.verifier });
  const full = await ownToken(server, client, every);
  const kept = new Map<string, string>();
  const tokenWith = async (scopes: readonly string[]): Promise<string> => {
    const key = scopes.join(' ');
    const token = kept.get(key) ?? (await ownToken(server, client, scopes));
    kept.set(key, token);
    return bearer(token);
  };
  await vi.waitUntil(() => Date.now() > expiresAtMs, { timeout: 5_000 });
  // The first use of a name and password leaves a sign-in in the log; what follows must leave nothing.
  await ask(server, { path: '/scim2/Users', authorization: basic('kim', PASSWORD) });
  return {
    nobody: 'Basic !!!',
    endUser: basic('kim', PASSWORD),
    endUserToken: bearer(tokens.body.access_token),
    idToken: bearer(tokens.body.id_token),
    expired: bearer(expiring),
    foreign: bearer(await ownToken(server, stranger, every, owner.prefix)),
    tampered: bearer(`${full.slice(0, -6)}AAAAAA`),
    lacking: (scopes) => tokenWith(every.filter((scope) => !scopes.includes(scope))),
    holding: tokenWith,
  };
}
