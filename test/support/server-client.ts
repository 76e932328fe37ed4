/** Speaks to a whole server as its users do: applications, users and tenants made over HTTP, and raw requests. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { systemApis } from '../../domain/applications/api-resources.ts';
import { Browser } from '../protocol/oauth2/browser.ts';
import { CALLBACK, type OauthServer, type TestClient } from '../protocol/oauth2/oauth-server.ts';
import { basic } from './server.ts';

export interface Reached {
  readonly url: string;
  readonly admin: { readonly authorization: string };
}

export interface Ask {
  readonly method?: string;
  /** With tenant prefix and query, exactly as it goes on the wire. */
  readonly path: string;
  readonly authorization?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: object | string | Buffer;
  readonly type?: string;
}

export interface Told {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the members it asks for.
  readonly json: any;
}

/** Nothing of the path is normalised on the way. */
export function ask({ url }: Pick<Reached, 'url'>, { method = 'GET', path, ...rest }: Ask): Promise<Told> {
  const { hostname, port } = new URL(url);
  const bytes = bytesOf(rest.body);
  const headers: Record<string, string | number> = { ...rest.headers };
  if (rest.authorization !== undefined) headers['authorization'] = rest.authorization;
  if (bytes !== null) {
    headers['content-length'] = bytes.length;
    headers['content-type'] ??= rest.type ?? 'application/json';
  }
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ hostname, port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(bytes ?? undefined);
  });
}

function bytesOf(body: Ask['body']): Buffer | null {
  if (body === undefined) return null;
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Fails with the answer unless it is one of 2xx. */
export async function mustAsk(server: Reached, question: Ask): Promise<Told> {
  const told = await ask(server, { authorization: server.admin.authorization, ...question });
  if (told.status < 200 || told.status > 299) {
    throw new Error(`${question.method ?? 'GET'} ${question.path} was answered ${told.status}: ${told.text}`);
  }
  return told;
}

/** The OAuth steps need no more of a server than its address. */
export const addressOnly = ({ url }: Pick<Reached, 'url'>): OauthServer => ({ url }) as OauthServer;

export const browserAt = (server: Pick<Reached, 'url'>): Browser => new Browser(addressOnly(server));

export interface NewClient {
  readonly name: string;
  readonly prefix?: string;
  /** Scopes of the server's own APIs that it may ask for by itself. */
  readonly scopes?: readonly string[];
  readonly oidc?: object;
  readonly authorization?: string;
}

/** An application made through the management API. */
export async function newClient(server: Reached, given: NewClient): Promise<TestClient> {
  const { name, prefix = '', scopes = [], oidc = {}, authorization = server.admin.authorization } = given;
  const all = `${prefix}/api/server/v1/applications`;
  const model = {
    name,
    inboundProtocolConfiguration: {
      oidc: {
        grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
        callbackURLs: [CALLBACK],
        ...oidc,
      },
    },
  };
  const made = await mustAsk(server, { method: 'POST', path: all, body: model, authorization });
  const id = String(made.headers.location).split('/').at(-1) ?? '';
  for (const api of systemApis) {
    const wanted = api.scopes.filter((scope) => scopes.includes(scope));
    if (wanted.length === 0) continue;
    const body = { id: api.id, policyIdentifier: 'No Policy', scopes: wanted };
    await mustAsk(server, { method: 'POST', path: `${all}/${id}/authorized-apis`, body, authorization });
  }
  const shown = await mustAsk(server, { path: `${all}/${id}/inbound-protocols/oidc`, authorization });
  return { id: id as TestClient['id'], clientId: shown.json.clientId, secret: shown.json.clientSecret ?? null };
}

/** A token of the application for itself. */
export async function ownToken(
  server: Reached,
  client: TestClient,
  scopes: readonly string[] = [],
  prefix = '',
): Promise<string> {
  const told = await mustAsk(server, {
    method: 'POST',
    path: `${prefix}/oauth2/token`,
    authorization: basic(client.clientId, client.secret ?? ''),
    type: 'application/x-www-form-urlencoded',
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: scopes.join(' ') }).toString(),
  });
  return told.json.access_token;
}

export async function newUser(server: Reached, resource: object, prefix = '', authorization?: string): Promise<string> {
  const told = await mustAsk(server, {
    method: 'POST',
    path: `${prefix}/scim2/Users`,
    type: 'application/scim+json',
    body: resource,
    ...(authorization === undefined ? {} : { authorization }),
  });
  return told.json.id;
}

/** A root organization with the credentials of its owner. */
export async function newTenant(server: Reached, domain: string): Promise<{ prefix: string; authorization: string }> {
  const password = 'Password-of-the-owner-1';
  const owner = { username: 'owner', password, email: `owner@${domain}`, provisioningMethod: 'inline-password' };
  const body = { domain, owners: [owner] };
  await mustAsk(server, { method: 'POST', path: '/api/server/v1/tenants', body });
  return { prefix: `/t/${domain}`, authorization: basic('owner', password) };
}
