/** The OAuth door on a real server over real stores, and a browser that only follows redirects and reads forms. */

import { clientSecretRef } from '../../../commands/applications/application-command.ts';
import { createClientDirectory } from '../../../commands/applications/client-directory.ts';
import { createApplication } from '../../../commands/applications/create-application.ts';
import type { Caller } from '../../../commands/caller.ts';
import type { Envelope, Outcome } from '../../../commands/command.ts';
import type { EffectiveAccess } from '../../../commands/effective-access.ts';
import type { Kernel } from '../../../commands/kernel.ts';
import { createRootOrganization } from '../../../commands/organizations/root-organization.ts';
import { createTenantDirectory } from '../../../commands/organizations/tenant-directory.ts';
import { execute } from '../../../commands/pipeline.ts';
import type { AnyCommand } from '../../../commands/registry.ts';
import { createJwtSigner, type JwtSigner } from '../../../commands/tokens/jwt.ts';
import { createUser } from '../../../commands/users/create-user.ts';
import { type Application, applications } from '../../../domain/applications/application.ts';
import { type AppId, SUPER_ORG_ID, type TenantId, type UserId } from '../../../domain/ids.ts';
import { createAuthenticator } from '../../../protocol/http/authenticate.ts';
import type { Route } from '../../../protocol/http/route.ts';
import { buildServer } from '../../../protocol/http/server.ts';
import type { Tenant } from '../../../protocol/http/tenant.ts';
import { oauthErrors } from '../../../protocol/oauth2/oauth-error.ts';
import { oauthRoutes } from '../../../protocol/oauth2/routes.ts';
import { openAccess } from '../../support/access.ts';
import { ADMIN_PASSWORD, openSetUpKernel, system, type TestKernelOptions } from '../../support/kernel.ts';

export { ADMIN_PASSWORD };

export const CALLBACK = 'https://app.example/callback';
export const ORIGIN = 'https://app.example';
export const PASSWORD = 'correct horse battery';

export interface OauthServerOptions extends TestKernelOptions {
  readonly showAuthFailureReason?: boolean;
  /** Scheme and host that the server believes it is reached by. */
  readonly publicUrl?: string;
}

export interface TestClient {
  readonly id: AppId;
  readonly clientId: string;
  readonly secret: string | null;
}

export interface OauthServer {
  readonly url: string;
  readonly kernel: Kernel;
  readonly signer: JwtSigner;
  readonly access: EffectiveAccess;
  readonly clock: { nowMs: number | null };
  run(command: AnyCommand, input: unknown, over?: Partial<Envelope>): Promise<Outcome>;
  client(over?: ClientOptions): Promise<TestClient>;
  user(userName: string, over?: { readonly tenant?: TenantId; readonly attributes?: object }): Promise<UserId>;
  organization(handle: string): Promise<TenantId>;
  application(id: AppId): Promise<Application>;
  /** The folder goes too unless `keep`. */
  close(keep?: 'keep'): Promise<void>;
}

export interface ClientOptions {
  readonly tenant?: TenantId;
  readonly name?: string;
  readonly oidc?: object;
  readonly consent?: object;
}

/** The client with the secret that it has now; with its last one where it has none any more. */
export async function clientNow({ kernel }: OauthServer, client: TestClient): Promise<TestClient> {
  const { state } = await kernel.aggregates.load(applications, client.id);
  const secret = state.oidc?.secret ?? null;
  const value = secret === null ? null : await kernel.vault.secret(clientSecretRef(client.id, secret));
  return value === null ? client : { ...client, secret: value.toString('utf8') };
}

export const inTenant = (tenant: TenantId): Caller => ({ ...system, tenant, org: tenant });

export async function startOauthServer(options: OauthServerOptions = {}): Promise<OauthServer> {
  const clock = { nowMs: null as number | null };
  const now = () => clock.nowMs ?? Date.now();
  const opened = await openSetUpKernel({ clock: now, ...options });
  const { kernel } = opened;
  const signer = createJwtSigner(kernel);
  const clients = createClientDirectory(kernel);
  const { access, close: closeAccess } = await openAccess(opened);
  const authenticator = createAuthenticator({ kernel, signer, clients, access });
  const directory = createTenantDirectory(kernel);
  const superTenant = { id: SUPER_ORG_ID, domain: 'carbon.super', isSuper: true, baseUrl: options.publicUrl ?? '' };
  const byDomain = async (domain: string): Promise<Tenant | null> => {
    const found = await directory.find(domain);
    return found === null
      ? null
      : { id: found.id, domain, isSuper: false, baseUrl: `${superTenant.baseUrl}/t/${domain}` };
  };
  const { showAuthFailureReason = false } = options;
  const routes = oauthRoutes({
    kernel,
    signer,
    clients,
    access,
    authenticator,
    showAuthFailureReason,
    knownOrigin: async (_tenant, origin) => origin === ORIGIN,
  });
  const probe: Route = {
    method: 'GET',
    path: '/probe',
    access: { kind: 'authenticated' },
    body: 'none',
    errors: oauthErrors,
    summary: 'Answers whoever proves who he is, as the management doors do.',
    handle: ({ caller }) => ({ status: 200, body: { caller: caller?.id } }),
  };
  const server = buildServer({
    routes: [...routes, probe],
    tenants: { byDomain, superTenant },
    authenticator,
    telemetry: kernel.telemetry,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  if (superTenant.baseUrl === '') superTenant.baseUrl = url;

  async function run(command: AnyCommand, input: unknown, over: Partial<Envelope> = {}): Promise<Outcome> {
    const outcome = await execute(kernel, command, input, { caller: system, correlationId: kernel.uuid(), ...over });
    if (!outcome.ok) throw new Error(`${command.type} was refused: ${JSON.stringify(outcome.refusal)}`);
    return outcome.value;
  }

  let made = 0;
  return {
    url,
    kernel,
    signer,
    access,
    clock,
    run,
    async client({ tenant = SUPER_ORG_ID, name, oidc, consent } = {}) {
      made += 1;
      const input = {
        name: name ?? `App ${made}`,
        ...(consent === undefined ? {} : { consent }),
        oidc: {
          grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
          callbackUrls: [CALLBACK],
          allowedOrigins: [ORIGIN],
          ...oidc,
        },
      };
      const { id } = await run(createApplication, input, { caller: inTenant(tenant) });
      const { state } = await kernel.aggregates.load(applications, id);
      const secret = state.oidc?.secret ?? null;
      const value = secret === null ? null : await kernel.vault.secret(clientSecretRef(id, secret));
      return { id: id as AppId, clientId: state.oidc?.clientId ?? '', secret: value?.toString('utf8') ?? null };
    },
    async user(userName, { tenant = SUPER_ORG_ID, attributes = {} } = {}) {
      const input = { userName, password: PASSWORD, attributes };
      return (await run(createUser, input, { caller: inTenant(tenant) })).id as UserId;
    },
    async organization(handle) {
      const input = { handle, owner: { userName: `owner`, password: PASSWORD } };
      return (await run(createRootOrganization, input)).id as TenantId;
    },
    application: async (id) => (await kernel.aggregates.load(applications, id)).state,
    async close(keep) {
      await server.close();
      await closeAccess();
      await opened.close(keep);
    },
  };
}
