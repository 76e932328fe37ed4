/** Speaks to a test server's management interfaces, as somebody, in some tenant. */
import type { TestServer } from './server.ts';
import { basic } from './server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; fails where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape.
  readonly json: any;
  /** Last segment of `Location`. */
  readonly createdId: string;
}

export interface ManagementClient {
  send(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

/** `prefix`: `/t/abc.com`, or nothing for the super organization. */
export function managementClient(url: string, authorization: string | null, prefix = ''): ManagementClient {
  async function send(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`${url}${prefix}${path}`, {
      method,
      headers: {
        ...(authorization === null ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answerOf(response, await response.text());
  }
  return { send, get: (path, headers) => send('GET', path, undefined, headers) };
}

const answerOf = ({ status, headers }: Response, text: string): Answer => ({
  status,
  headers,
  text,
  get json() {
    return JSON.parse(text);
  },
  createdId: headers.get('location')?.split('/').pop() ?? '',
});

export const asAdmin = (server: TestServer): ManagementClient =>
  managementClient(server.url, server.admin.authorization);

export const OWNER_PASSWORD = 'An-owner-password-1';

export interface NewTenant {
  readonly id: string;
  readonly owner: ManagementClient;
}

/** Somebody reads his own writes at once; others read them once the read models have come as far. */
async function shownToAll(server: TestServer): Promise<void> {
  for (const collection of ['applications', 'users']) await asAdmin(server).get(`/api/read/${collection}?limit=1`);
}

/** A root organization whose owner `kim` may do everything in it. */
export async function createTenant(server: TestServer, domain: string): Promise<NewTenant> {
  const owner = {
    username: 'kim',
    password: OWNER_PASSWORD,
    email: 'kim@example.com',
    provisioningMethod: 'inline-password',
  };
  const created = await asAdmin(server).send('POST', '/api/server/v1/tenants', { domain, owners: [owner] });
  if (created.status !== 201) throw new Error(`tenant ${domain}: ${created.status} ${created.text}`);
  await shownToAll(server);
  return {
    id: created.createdId,
    owner: managementClient(server.url, basic('kim', OWNER_PASSWORD), `/t/${domain}`),
  };
}

/** An application of the client's tenant that may ask for those scopes, and acts for itself. */
export async function createMachine(
  client: ManagementClient,
  name: string,
  scopes: readonly string[],
): Promise<{ readonly id: string; readonly clientId: string; readonly secret: string }> {
  const created = await client.send('POST', '/api/server/v1/applications', {
    name,
    inboundProtocolConfiguration: { oidc: { grantTypes: ['client_credentials'] } },
  });
  const id = created.createdId;
  const apis = (await client.get('/api/server/v1/api-resources')).json.apiResources as { id: string }[];
  for (const api of apis) {
    const known = (await client.get(`/api/server/v1/api-resources/${api.id}`)).json.scopes as { name: string }[];
    const wanted = known.map((scope) => scope.name).filter((scope) => scopes.includes(scope));
    if (wanted.length === 0) continue;
    const body = { id: api.id, policyIdentifier: 'RBAC', scopes: wanted };
    const authorized = await client.send('POST', `/api/server/v1/applications/${id}/authorized-apis`, body);
    if (authorized.status !== 200) throw new Error(`authorized-apis: ${authorized.status} ${authorized.text}`);
  }
  const oidc = (await client.get(`/api/server/v1/applications/${id}/inbound-protocols/oidc`)).json;
  return { id, clientId: oidc.clientId, secret: oidc.clientSecret };
}

export async function machineToken(
  url: string,
  machine: { readonly clientId: string; readonly secret: string },
  scopes: readonly string[],
  prefix = '',
): Promise<string> {
  const response = await fetch(`${url}${prefix}/oauth2/token`, {
    method: 'POST',
    headers: {
      authorization: basic(machine.clientId, machine.secret),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: scopes.join(' ') }),
  });
  const body = (await response.json()) as { access_token?: string };
  if (body.access_token === undefined) throw new Error(`token: ${response.status} ${JSON.stringify(body)}`);
  return body.access_token;
}

/** A caller of the super organization with these scopes and no others. */
export async function limitedCaller(
  server: TestServer,
  name: string,
  scopes: readonly string[],
): Promise<ManagementClient> {
  const machine = await createMachine(asAdmin(server), name, scopes);
  await shownToAll(server);
  return managementClient(server.url, `Bearer ${await machineToken(server.url, machine, scopes)}`);
}
