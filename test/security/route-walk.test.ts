/** Every mounted route against every credential that must not open it. The table is the server's own, so no route escapes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandRegistry } from '../../commands/registry.ts';
import { systemApis, systemScopes } from '../../domain/applications/api-resources.ts';
import type { Route } from '../../protocol/http/route.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { ask, type Told } from '../support/server-client.ts';
import { sampleInput } from './command-sample.ts';
import {
  type Credentials,
  DOMAIN,
  guardedRoutes,
  headOf,
  nameOf,
  pathOf,
  prepareCredentials,
  scopedRoutes,
  scopesOf,
} from './route-walk-credentials.ts';

/** Open on purpose. A route that is added must be added here by hand, with its reason in mind. */
const OPEN_ROUTES: Readonly<Record<'public' | 'handler', readonly string[]>> = {
  public: [
    'GET /scim2/Schemas',
    'GET /scim2/Schemas/:id',
    'GET /scim2/ResourceTypes',
    'GET /scim2/ResourceTypes/:name',
    'GET /scim2/ServiceProviderConfig',
    'GET /oauth2/jwks',
    'GET /oauth2/:segment/.well-known/openid-configuration',
    'GET /oauth2/authorize',
    'GET /commonauth',
    'GET /oidc/logout',
    'GET /authenticationendpoint/login.do',
    'GET /authenticationendpoint/oauth2_consent.do',
    'GET /authenticationendpoint/oauth2_error.do',
    'GET /authenticationendpoint/oauth2_logout_consent.do',
    'GET /authenticationendpoint/logout.do',
    'GET /authenticationendpoint/portal.css',
    'GET /authenticationendpoint/form-post.js',
    'GET /api/openapi.json',
    'OPTIONS /oauth2/token',
    'OPTIONS /oauth2/revoke',
    'OPTIONS /oauth2/userinfo',
    'GET /health/live',
    'GET /health/ready',
  ],
  handler: [
    'POST /oauth2/token',
    'POST /oauth2/introspect',
    'POST /oauth2/revoke',
    'POST /oauth2/userinfo',
    'GET /oauth2/userinfo',
    'POST /oauth2/authorize',
    'POST /commonauth',
    'POST /oidc/logout',
  ],
};

/** What any user may use: what is his own, or commands that check the permission they declare. */
const AUTHENTICATED_ROUTES: readonly string[] = [
  'GET /api/commands',
  'POST /api/commands/:type',
  'POST /api/server/v1/identity-governance/preferences',
];

let server: TestServer;
let credentials: Credentials;

beforeAll(async () => {
  server = await startTestServer();
  credentials = await prepareCredentials(server);
});

afterAll(async () => await server.stop());

const call = async (route: Route, authorization: string | undefined, prefix = ''): Promise<Told> =>
  await ask(server, {
    method: route.method,
    path: prefix + pathOf(route),
    authorization,
    ...(route.body === 'none' ? {} : { body: {}, type: 'application/json' }),
  });

/** The members of an error body, as the route's own form has them. */
function formOf(route: Route, status: number): readonly string[] {
  const failure = { status, reason: 'forbidden', detail: '' };
  const { body } = route.errors.respond(failure, { correlationId: '' });
  return body === null || typeof body === 'string' ? [] : Object.keys(body).sort();
}

const guarded = (): readonly Route[] => guardedRoutes(server);
const scoped = (): readonly Route[] => scopedRoutes(server);
const head = async (): Promise<string> => await headOf(server);

/** One line for each route that did not refuse as it must. */
async function refusals(
  routes: readonly Route[],
  attack: { readonly credential: (route: Route) => Promise<string | undefined>; readonly prefix?: string },
  allowed: readonly number[],
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const route of routes) {
    const authorization = await attack.credential(route);
    const before = await head();
    const told = await call(route, authorization, attack.prefix);
    const members = told.json === null ? [] : Object.keys(told.json).sort();
    const hasForm = route.method === 'HEAD' || String(members) === String(formOf(route, told.status));
    if (!allowed.includes(told.status)) wrong.push(`${nameOf(route)} was answered ${told.status}`);
    else if (!hasForm && told.status !== 404) wrong.push(`${nameOf(route)} has the members ${members}`);
    if ((await head()) !== before) wrong.push(`${nameOf(route)} left an event`);
  }
  return wrong;
}

describe('the table of routes', () => {
  it('[SEC-C1] has exactly these routes that answer without a credential', () => {
    const open = (kind: string) =>
      server.routes
        .filter(({ access }) => access.kind === kind)
        .map(nameOf)
        .sort();
    expect(open('public')).toEqual([...OPEN_ROUTES.public].sort());
    expect(open('handler')).toEqual([...OPEN_ROUTES.handler].sort());
    expect(open('authenticated')).toEqual([...AUTHENTICATED_ROUTES].sort());
  });

  it('[SEC-C1] asks only for scopes that an application can be authorized for, each of one API', () => {
    const named = systemApis.flatMap(({ scopes }) => scopes);
    const wrong = scoped().filter((route) => scopesOf(route).some((scope) => !systemScopes.has(scope)));
    expect(wrong.map(nameOf)).toEqual([]);
    expect(new Set(named).size).toBe(named.length);
    expect(new Set(systemApis.map(({ id }) => id)).size).toBe(systemApis.length);
  });
});

describe('a command', () => {
  it('[SEC-C1] is refused to an end user and to a token that has every permission but its own', async () => {
    const wrong: string[] = [];
    for (const [type, command] of commandRegistry) {
      const question = { method: 'POST', path: `/api/commands/${type}`, body: sampleInput(command) };
      const lacking = await credentials.lacking(command.permissions);
      const before = await head();
      const user = await ask(server, { ...question, authorization: credentials.endUserToken });
      const token = await ask(server, { ...question, authorization: lacking });
      if (user.status !== 403) wrong.push(`${type} was answered ${user.status} to an end user: ${user.text}`);
      if (token.status !== 403) wrong.push(`${type} was answered ${token.status} to a token: ${token.text}`);
      if ((await head()) !== before) wrong.push(`${type} left an event`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('a guarded route', () => {
  it.each(['nobody', 'expired', 'idToken', 'foreign', 'tampered'] as const)(
    '[SEC-C1] refuses every call with the credential: %s',
    async (kind) => {
      const credential = async () => credentials[kind];
      expect(await refusals(guarded(), { credential }, [401])).toEqual([]);
    },
  );

  it('[SEC-C1] refuses a call without a credential, plainly and under a tenant', async () => {
    const credential = async () => undefined;
    expect(await refusals(guarded(), { credential }, [401])).toEqual([]);
    const inTenant = guarded().filter(({ superOnly }) => superOnly !== true);
    expect(await refusals(inTenant, { credential, prefix: `/t/${DOMAIN}` }, [401])).toEqual([]);
  });

  it('[SEC-C1] refuses an end user without a role, by password and by token', async () => {
    expect(await refusals(scoped(), { credential: async () => credentials.endUser }, [403])).toEqual([]);
    expect(await refusals(scoped(), { credential: async () => credentials.endUserToken }, [403])).toEqual([]);
  });

  it('[SEC-C1] refuses a token that has every scope but its own', async () => {
    const credential = async (route: Route) => await credentials.lacking(scopesOf(route));
    expect(await refusals(scoped(), { credential }, [403])).toEqual([]);
  });

  it('[SEC-C1] lets a token pass that has only one of its scopes', async () => {
    const refused: string[] = [];
    for (const route of scoped()) {
      for (const scope of scopesOf(route)) {
        const { status } = await call(route, await credentials.holding([scope]));
        if (status === 401 || status === 403 || status >= 500) refused.push(`${nameOf(route)} ${scope} ${status}`);
      }
    }
    expect(refused).toEqual([]);
  });

  it('[SEC-C1] refuses a token of the super organization under another tenant, with every scope', async () => {
    const credential = async () => await credentials.holding([...systemScopes]);
    const inTenant = guarded().filter(({ superOnly }) => superOnly !== true);
    expect(await refusals(inTenant, { credential, prefix: `/t/${DOMAIN}` }, [401])).toEqual([]);
  });

  it('[SEC-B3] is absent under another tenant when it belongs to the super organization', async () => {
    const only = server.routes.filter(({ superOnly }) => superOnly === true);
    const credential = async () => credentials.foreign;
    expect(only.length).toBeGreaterThan(0);
    expect(await refusals(only, { credential, prefix: `/t/${DOMAIN}` }, [404])).toEqual([]);
  });
});
