/**
 * What hands out or honours a scope that a role gives, against what takes the role's right away. Both lists are closed
 * types. Whatever was granted before, the scope is gone with the next request, and everything else of the grant stays.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unauthorizeApi } from '../../commands/applications/change-application.ts';
import {
  assignRoleToGroup,
  createGroup,
  deleteGroup,
  unassignRoleFromGroup,
} from '../../commands/groups/group-commands.ts';
import { addGroupMember, removeGroupMember } from '../../commands/groups/membership.ts';
import { execute } from '../../commands/pipeline.ts';
import type { AnyCommand } from '../../commands/registry.ts';
import { changeRole, createRole, deleteRole } from '../../commands/roles/role-commands.ts';
import { assignRole, unassignRole } from '../../commands/users/assign-role.ts';
import { systemApis } from '../../domain/applications/api-resources.ts';
import { eventCatalogue } from '../../domain/catalogue.ts';
import {
  authorizeUrl,
  type Browser,
  codeFor,
  hidden,
  introspect,
  redeem,
  refresh,
} from '../protocol/oauth2/browser.ts';
import type { TestClient } from '../protocol/oauth2/oauth-server.ts';
import { asking } from '../support/kernel.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';
import { addressOnly, ask, browserAt, mustAsk, newClient, newUser } from '../support/server-client.ts';

const SCOPE = 'internal_user_mgt_list';
const PASSWORD = 'Correct-horse-9';
const api = systemApis.find(({ scopes }) => scopes.includes(SCOPE))?.id ?? '';

const PATHS = [
  'login',
  'single-sign-on',
  'consent-answer',
  'code-redemption',
  'refresh',
  'introspection',
  'management-bearer',
  'management-basic',
] as const;
type Path = (typeof PATHS)[number];

const EVENTS = [
  'role-taken',
  'role-changed',
  'role-deleted',
  'group-left',
  'role-taken-from-group',
  'group-deleted',
  'api-unauthorized',
] as const;
type Event = (typeof EVENTS)[number];

/** The right of the application, and not of the user, is what goes: his own credentials keep theirs. */
const UNAFFECTED: readonly (readonly [Event, Path])[] = [['api-unauthorized', 'management-basic']];

interface Prepared {
  readonly userName: string;
  readonly userId: string;
  readonly roleId: string;
  readonly groupId: string;
  readonly client: TestClient;
  readonly observer: TestClient;
  readonly browser: Browser;
  readonly consentPage: string;
  readonly code: string;
  readonly access: string;
  readonly refresh: string;
}

let server: TestServer;
let made = 0;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => await server.stop());

async function run(command: AnyCommand, input: object): Promise<string> {
  const done = await execute(server.kernel, command, input, asking());
  if (!done.ok) throw new Error(`${command.type}: ${JSON.stringify(done.refusal)}`);
  return done.value.id;
}

async function prepare(event: Event): Promise<Prepared> {
  made += 1;
  const userName = `rights-${made}`;
  const userId = await newUser(server, { userName, password: PASSWORD });
  const roleId = await run(createRole, { name: `Rights ${made}`, permissions: [SCOPE] });
  const groupId = await run(createGroup, { name: `Rights ${made}` });
  const throughGroup = ['group-left', 'role-taken-from-group', 'group-deleted'].includes(event);
  if (throughGroup) {
    await run(assignRoleToGroup, { groupId, roleId });
    await run(addGroupMember, { groupId, userId });
  } else await run(assignRole, { userId, roleId });

  const client = await newClient(server, { name: `Rights ${made}` });
  const observer = await newClient(server, { name: `Observer ${made}`, scopes: ['internal_oauth2_introspect'] });
  await mustAsk(server, {
    method: 'POST',
    path: `/api/server/v1/applications/${client.id}/authorized-apis`,
    body: { id: api, policyIdentifier: 'RBAC', scopes: [SCOPE] },
  });
  const browser = browserAt(server);
  const query = { scope: `openid ${SCOPE}` };
  const login = { userName, password: PASSWORD, query };
  const tokens = (await redeem(addressOnly(server), client, await codeFor(browser, client, login))).body;
  expect(tokens.scope).toBe(`openid ${SCOPE}`);
  const code = await codeFor(browserAt(server), client, login);
  const page = await browser.open(authorizeUrl(client, { query: { ...query, prompt: 'consent' } }));
  const consentPage = hidden(page.html, 'sessionDataKeyConsent');
  const { access_token: access, refresh_token: refreshToken } = tokens;
  return {
    userName,
    userId,
    roleId,
    groupId,
    client,
    observer,
    browser,
    consentPage,
    code,
    access,
    refresh: refreshToken,
  };
}

const happen: Record<Event, (prepared: Prepared) => Promise<unknown>> = {
  'role-taken': ({ userId, roleId }) => run(unassignRole, { userId, roleId }),
  'role-changed': ({ roleId }) => run(changeRole, { roleId, permissions: [] }),
  'role-deleted': ({ roleId }) => run(deleteRole, { roleId }),
  'group-left': ({ userId, groupId }) => run(removeGroupMember, { userId, groupId }),
  'role-taken-from-group': ({ roleId, groupId }) => run(unassignRoleFromGroup, { roleId, groupId }),
  'group-deleted': ({ groupId }) => run(deleteGroup, { groupId }),
  'api-unauthorized': ({ client }) => run(unauthorizeApi, { applicationId: client.id, api }),
};

const scopesIn = (scope: string): readonly string[] => scope.split(' ').filter((one) => one !== '');
const redeemed = async (client: TestClient, code: string): Promise<readonly string[]> =>
  scopesIn((await redeem(addressOnly(server), client, code)).body.scope);
const codeAt = (url: URL): string => url.searchParams.get('code') ?? '';
const lists = async (authorization: string): Promise<readonly string[]> =>
  (await ask(server, { path: '/scim2/Users?count=1', authorization })).status === 200 ? ['openid', SCOPE] : ['openid'];

/** The scopes that the path gives, or honours. */
const attempt: Record<Path, (prepared: Prepared) => Promise<readonly string[]>> = {
  login: async ({ client, userName }) => {
    const query = { scope: `openid ${SCOPE}` };
    return await redeemed(client, await codeFor(browserAt(server), client, { userName, password: PASSWORD, query }));
  },
  'single-sign-on': async ({ browser, client }) => {
    const page = await browser.open(authorizeUrl(client, { query: { scope: `openid ${SCOPE}`, prompt: 'consent' } }));
    const form = { consent: 'approve', sessionDataKeyConsent: hidden(page.html, 'sessionDataKeyConsent') };
    return await redeemed(client, codeAt((await browser.open('/oauth2/authorize', form)).url));
  },
  'consent-answer': async ({ browser, client, consentPage }) => {
    const form = { consent: 'approve', sessionDataKeyConsent: consentPage };
    return await redeemed(client, codeAt((await browser.open('/oauth2/authorize', form)).url));
  },
  'code-redemption': ({ client, code }) => redeemed(client, code),
  refresh: async (prepared) =>
    scopesIn((await refresh(addressOnly(server), prepared.client, prepared.refresh)).body.scope),
  introspection: async ({ observer, access }) =>
    scopesIn((await introspect(addressOnly(server), observer, access)).body.scope ?? ''),
  'management-bearer': ({ access }) => lists(`Bearer ${access}`),
  'management-basic': ({ userName }) => lists(basic(userName, PASSWORD)),
};

/** Every kind of fact about rights: the row that it makes, or none. */
const ROWS: Readonly<Record<string, Event | readonly Event[] | null>> = {
  'access.role.created.v1': null,
  'access.role.renamed.v1': null,
  'access.role.permissions_changed.v1': 'role-changed',
  'access.role.deleted.v1': 'role-deleted',
  'access.role.assigned.v1': null,
  'access.role.unassigned.v1': ['role-taken', 'role-taken-from-group'],
  'access.group.created.v1': null,
  'access.group.renamed.v1': null,
  'access.group.external_id_set.v1': null,
  'access.group.deleted.v1': 'group-deleted',
  'access.group.joined.v1': null,
  'access.group.left.v1': 'group-left',
  'application.api.unauthorized.v1': 'api-unauthorized',
};

describe('a right that a role gives', () => {
  it('has a row for every kind of fact that can take it away', () => {
    const types = [...eventCatalogue.keys()].filter((type) => type.startsWith('access.'));
    expect(types.filter((type) => ROWS[type] === undefined)).toEqual([]);
    const rows = Object.values(ROWS).flatMap((row) => row ?? []);
    expect(new Set(rows)).toEqual(new Set(EVENTS));
  });

  it('is given and honoured on every path while nothing took it away', async () => {
    for (const path of PATHS) {
      const prepared = await prepare('group-left');
      expect([path, await attempt[path](prepared)]).toEqual([path, ['openid', SCOPE]]);
    }
  });

  describe.each(EVENTS)('after %s', (event) => {
    it.each(PATHS)('[O7.8-4] [SEC-A11] is not given or honoured by %s', async (path) => {
      const prepared = await prepare(event);
      await happen[event](prepared);
      const keeps = UNAFFECTED.some(([kept, by]) => kept === event && by === path);
      expect(await attempt[path](prepared)).toEqual(keeps ? ['openid', SCOPE] : ['openid']);
    });
  });
});
