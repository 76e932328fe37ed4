/** What the matrix prepares, what it does, and what it tries. */
import {
  changeApplication,
  configureOidc,
  deleteApplication,
  regenerateClientSecret,
  removeOidc,
  revokeClient,
} from '../../commands/applications/change-application.ts';
import { createClientDirectory } from '../../commands/applications/client-directory.ts';
import { withdrawConsent } from '../../commands/consents/consent-commands.ts';
import { retireSigningKey, rotateSigningKey } from '../../commands/keys/rotate-signing-key.ts';
import { setOrganizationActive } from '../../commands/organizations/root-organization.ts';
import type { AnyCommand } from '../../commands/registry.ts';
import { endSession } from '../../commands/sessions/session.ts';
import { disableUser, enableUser, lockUser, setUserPassword, unlockUser } from '../../commands/users/change-user.ts';
import { deleteUser, eraseUser } from '../../commands/users/delete-user.ts';
import { GRANT_TYPES } from '../../domain/applications/application-events.ts';
import type { TenantId, UserId } from '../../domain/ids.ts';
import { activeKey, signingKeys } from '../../domain/keys/signing-keys.ts';
import { auditorsOnly } from '../../protocol/eventstore-endpoint/auditors.ts';
import type { Grant } from '../../protocol/eventstore-endpoint/authorize.ts';
import { createAuthenticator } from '../../protocol/http/authenticate.ts';
import {
  authorizeUrl,
  Browser,
  codeFor,
  hidden,
  introspect,
  newPkce,
  post,
  redeem,
  refresh,
  signInTo,
} from '../protocol/oauth2/browser.ts';
import {
  CALLBACK,
  clientNow,
  inTenant,
  type OauthServer,
  PASSWORD,
  type TestClient,
} from '../protocol/oauth2/oauth-server.ts';
import type { DisablingEvent, IssuingPath } from './issuing-matrix.ts';

export interface Ground {
  readonly server: OauthServer;
  readonly tenant: TenantId;
  readonly prefix: string;
  /** Sees every token of the tenant. */
  readonly observer: TestClient;
}

export interface Prepared extends Ground {
  readonly userName: string;
  readonly user: UserId;
  readonly client: TestClient;
  readonly browser: Browser;
  readonly code: { readonly code: string; readonly verifier: string };
  readonly tokens: { readonly access: string; readonly refresh: string; readonly application: string };
  readonly consentPage: string;
  /** At the door for auditors, of a call that is open. */
  readonly grant: Grant | null;
}

let made = 0;

/** A user signed in to an application of his own, with one of everything that was ever handed out. */
export async function prepare(ground: Ground): Promise<Prepared> {
  const { server, tenant, prefix } = ground;
  made += 1;
  const userName = `user${made}`;
  const user = await server.user(userName, { tenant });
  const client = await server.client({ tenant });
  const browser = new Browser(server);
  const asked = { userName, prefix, consent: 'approveAlways' } as const;
  const first = newPkce();
  const firstCode = await codeFor(browser, client, { ...asked, pkce: first });
  const { body } = await redeem(server, client, firstCode, { verifier: first.verifier, prefix });
  const second = newPkce();
  const code = await codeFor(browser, client, { ...asked, pkce: second });
  const own = await post(server, '/oauth2/token', { grant_type: 'client_credentials' }, { client, prefix });
  const page = await browser.open(authorizeUrl(client, { prefix, query: { prompt: 'consent' } }));
  // A credential that was right a moment ago is remembered.
  await reachesProbe(ground, basicOf(userName));
  const grant = await readsLog(ground, userName);
  return {
    ...ground,
    userName,
    user,
    client,
    browser,
    code: { code, verifier: second.verifier },
    tokens: { access: body.access_token, refresh: body.refresh_token, application: own.body.access_token },
    consentPage: hidden(page.html, 'sessionDataKeyConsent'),
    grant,
  };
}

type Step = (prepared: Prepared, path: IssuingPath) => Promise<unknown>;

const asAdministrator =
  (command: AnyCommand, input: (prepared: Prepared) => object): Step =>
  async (prepared) =>
    await prepared.server.run(command, input(prepared), { caller: inTenant(prepared.tenant) });

const onUser = (command: AnyCommand): Step => asAdministrator(command, ({ user }) => ({ userId: user }));
const onClient = (command: AnyCommand, more: object = {}): Step =>
  asAdministrator(command, ({ client }) => ({ applicationId: client.id, ...more }));

const inOrder =
  (...steps: readonly Step[]): Step =>
  async (prepared, path) => {
    for (const step of steps) await step(prepared, path);
  };

const removeGrantType: Step = async (prepared, path) => {
  const { server, client, tenant } = prepared;
  const ownPaths: readonly IssuingPath[] = ['client-credentials', 'application-token'];
  const grantTypes = ownPaths.includes(path) ? ['authorization_code', 'refresh_token'] : ['client_credentials'];
  const { clientId } = client;
  const oidc = { clientId, grantTypes, callbackUrls: [CALLBACK] };
  await server.run(configureOidc, { applicationId: client.id, oidc }, { caller: inTenant(tenant) });
};

/** Under the same client id, and with everything that it had. */
const configureAgain: Step = async ({ server, client, tenant }) => {
  const { clientId } = client;
  const oidc = { clientId, grantTypes: [...GRANT_TYPES], callbackUrls: [CALLBACK] };
  await server.run(configureOidc, { applicationId: client.id, oidc }, { caller: inTenant(tenant) });
};

const endHisSession: Step = async ({ server, tenant, user, browser }) => {
  const id = browser.cookie('commonAuthId')?.value.split('.')[0] ?? '';
  const trace = { correlationId: server.kernel.uuid() };
  await endSession(server.kernel, { tenant, session: { id, user }, reason: 'terminated', trace });
};

const withdraw: Step = async ({ server, tenant, user, client }) => {
  const caller = { ...inTenant(tenant), kind: 'user', id: user, permissions: new Set(['internal_login']) } as const;
  await server.run(withdrawConsent, { user, application: client.id }, { caller });
};

const retireKey: Step = async ({ server, tenant }) => {
  const { state } = await server.kernel.aggregates.load(signingKeys, tenant);
  const kid = activeKey(state, 'ES256')?.kid ?? '';
  const caller = inTenant(tenant);
  await server.run(rotateSigningKey, { organizationId: tenant, alg: 'ES256' }, { caller });
  await server.run(retireSigningKey, { organizationId: tenant, kid }, { caller });
};

export const switchOrganization =
  (active: boolean) =>
  async ({ server, tenant }: Ground): Promise<unknown> =>
    await server.run(setOrganizationActive, { organizationId: tenant, active });

export const happen: Record<DisablingEvent, Step> = {
  'user-locked': onUser(lockUser),
  'user-locked-and-unlocked': inOrder(onUser(lockUser), onUser(unlockUser)),
  'user-disabled': onUser(disableUser),
  'user-disabled-and-enabled': inOrder(onUser(disableUser), onUser(enableUser)),
  'user-deleted': onUser(deleteUser),
  'user-erased': onUser(eraseUser),
  'password-set': asAdministrator(setUserPassword, ({ user }) => ({ userId: user, password: 'another long password' })),
  'session-ended': endHisSession,
  'application-disabled': onClient(changeApplication, { enabled: false }),
  'application-disabled-and-enabled': inOrder(
    onClient(changeApplication, { enabled: false }),
    onClient(changeApplication, { enabled: true }),
  ),
  'application-deleted': onClient(deleteApplication),
  'secret-rotated': onClient(regenerateClientSecret),
  'grant-type-removed': removeGrantType,
  'client-revoked': onClient(revokeClient),
  'oidc-removed': onClient(removeOidc),
  'oidc-removed-and-configured': inOrder(onClient(removeOidc), configureAgain),
  'consent-withdrawn': withdraw,
  'organization-deactivated': switchOrganization(false),
  'key-retired': retireKey,
};

const isAtCallback = (url: URL): boolean => url.searchParams.get('code') !== null;

async function reachesProbe({ server, prefix }: Ground, authorization: string): Promise<boolean> {
  const response = await fetch(`${server.url}${prefix}/probe`, { headers: { authorization } });
  return response.status === 200;
}

/** Every user holds this permission, so that only the gate is looked at. */
const HELD_BY_ALL = 'internal_login';

async function readsLog({ server, tenant: id, prefix }: Ground, user: string): Promise<Grant | null> {
  const { kernel, signer, access, url } = server;
  const authenticator = createAuthenticator({ kernel, signer, clients: createClientDirectory(kernel), access });
  const tenant = { id, domain: prefix.slice('/t/'.length), isSuper: false, baseUrl: `${url}${prefix}` };
  const authorize = auditorsOnly({ kernel, authenticator, access, tenant, permission: HELD_BY_ALL });
  return await authorize({ user, password: PASSWORD, address: '127.0.0.1' });
}

const basicOf = (userName: string): string => `Basic ${Buffer.from(`${userName}:${PASSWORD}`).toString('base64')}`;

/** True: power was handed out, or honoured. The client proves itself with the secret that it has now. */
export const attempt: Record<IssuingPath, (prepared: Prepared) => Promise<boolean>> = {
  login: async ({ server, client, userName, prefix }) =>
    isAtCallback(await signInTo(new Browser(server), client, { userName, prefix })),
  'single-sign-on': async ({ browser, client, prefix }) =>
    isAtCallback((await browser.open(authorizeUrl(client, { prefix, query: { prompt: 'none' } }))).url),
  'consent-answer': async ({ browser, prefix, consentPage }) => {
    const form = { consent: 'approve', sessionDataKeyConsent: consentPage };
    return isAtCallback((await browser.open(`${prefix}/oauth2/authorize`, form)).url);
  },
  'code-redemption': async ({ server, client, code, prefix }) => {
    const now = await clientNow(server, client);
    return (await redeem(server, now, code.code, { verifier: code.verifier, prefix })).status === 200;
  },
  refresh: async ({ server, client, tokens, prefix }) =>
    (await refresh(server, await clientNow(server, client), tokens.refresh, prefix)).status === 200,
  'client-credentials': async ({ server, client, prefix }) =>
    (await post(server, '/oauth2/token', { grant_type: 'client_credentials' }, { client, prefix })).status === 200,
  userinfo: async ({ server, tokens, prefix }) => {
    const headers = { authorization: `Bearer ${tokens.access}` };
    return (await fetch(`${server.url}${prefix}/oauth2/userinfo`, { headers })).status === 200;
  },
  introspection: async ({ server, observer, tokens, prefix }) =>
    (await introspect(server, observer, tokens.access, prefix)).body.active === true,
  'management-bearer': async (prepared) => await reachesProbe(prepared, `Bearer ${prepared.tokens.access}`),
  'application-token': async ({ server, observer, tokens, prefix }) =>
    (await introspect(server, observer, tokens.application, prefix)).body.active === true,
  'management-basic': async (prepared) => await reachesProbe(prepared, basicOf(prepared.userName)),
  'log-basic': async (prepared) => (await readsLog(prepared, prepared.userName)) !== null,
  'log-subscription': async ({ grant }) => (await grant?.holds()) === true,
};
