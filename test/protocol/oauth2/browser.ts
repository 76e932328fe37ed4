/** A browser for scripts: keeps cookies by path, follows redirects on the server, and reads hidden inputs. */
import { createHash, randomBytes } from 'node:crypto';
import { CALLBACK, type OauthServer, PASSWORD, type TestClient } from './oauth-server.ts';

export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly text: string;
}

export interface Page {
  readonly status: number;
  readonly url: URL;
  readonly html: string;
  readonly headers: Headers;
}

const HOPS_MAX = 10;

export class Browser {
  readonly server: OauthServer;
  cookies: Cookie[] = [];

  constructor(server: OauthServer) {
    this.server = server;
  }

  cookie(name: string): Cookie | undefined {
    return this.cookies.find((cookie) => cookie.name === name);
  }

  /** One request, no redirect followed. */
  async send(address: string | URL, form?: Readonly<Record<string, string>> | URLSearchParams): Promise<Response> {
    const url = new URL(address, this.server.url);
    const matching = this.cookies
      .filter(({ path }) => path === '/' || url.pathname === path || url.pathname.startsWith(`${path}/`))
      .sort((a, b) => b.path.length - a.path.length);
    const cookie = matching.map(({ name, value }) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      redirect: 'manual',
      headers: cookie === '' ? {} : { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const text of response.headers.getSetCookie()) this.#keep(text);
    return response;
  }

  /** Follows redirects while they stay on the server; the last page, or the address outside. */
  async open(address: string | URL, form?: Readonly<Record<string, string>> | URLSearchParams): Promise<Page> {
    let url = new URL(address, this.server.url);
    let response = await this.send(url, form);
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      const location = response.headers.get('location');
      if (location === null) break;
      url = new URL(location, url);
      if (url.origin !== this.server.url) break;
      response = await this.send(url);
    }
    return { status: response.status, url, html: await response.text(), headers: response.headers };
  }

  #keep(text: string): void {
    const [pair = '', ...attributes] = text.split(/; */);
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    const path = attributes.find((attribute) => attribute.startsWith('Path='))?.slice(5) ?? '/';
    this.cookies = this.cookies.filter((cookie) => cookie.name !== name || cookie.path !== path);
    if (attributes.includes('Max-Age=0')) return;
    this.cookies.push({ name, value: pair.slice(equals + 1), path, text });
  }
}

export function hidden(html: string, name: string): string {
  const [, value] = new RegExp(`<input type="hidden" name="${name}" value="([^"]*)"`).exec(html) ?? [];
  if (value === undefined) throw new Error(`the page has no hidden input ${name}: ${html.slice(0, 2_000)}`);
  return value;
}

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export interface AuthorizeOptions {
  /** `/t/{tenant}` of another tenant than the super one. */
  readonly prefix?: string;
  readonly pkce?: Pkce;
  /** Overrides; undefined leaves a parameter out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
}

export function authorizeUrl(client: Pick<TestClient, 'clientId'>, options: AuthorizeOptions = {}): string {
  const { prefix = '', pkce, query = {} } = options;
  const parameters: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: CALLBACK,
    scope: 'openid profile email',
    state: 'the-state',
    ...(pkce === undefined ? {} : { code_challenge: pkce.challenge, code_challenge_method: 'S256' }),
    ...query,
  };
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `${prefix}/oauth2/authorize?${new URLSearchParams(given)}`;
}

export interface Login extends AuthorizeOptions {
  readonly userName: string;
  readonly password?: string;
  readonly consent?: 'approve' | 'approveAlways' | 'deny';
  readonly remember?: boolean;
}

/** From the application to its callback: signs in and consents where asked. */
export async function signInTo(browser: Browser, client: TestClient, login: Login): Promise<URL> {
  const { prefix = '', userName, password = PASSWORD, consent = 'approve', remember = false } = login;
  let page = await browser.open(authorizeUrl(client, login));
  if (page.url.pathname.endsWith('/login.do')) {
    const sessionDataKey = hidden(page.html, 'sessionDataKey');
    const form = { username: userName, password, sessionDataKey, ...(remember ? { chkRemember: 'on' } : {}) };
    page = await browser.open(`${prefix}/commonauth`, form);
  }
  if (page.url.pathname.endsWith('/oauth2_consent.do')) {
    const sessionDataKeyConsent = hidden(page.html, 'sessionDataKeyConsent');
    page = await browser.open(`${prefix}/oauth2/authorize`, { consent, sessionDataKeyConsent });
  }
  return page.url;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the members it asks for.
  readonly body: any;
}

const basic = ({ clientId, secret }: TestClient): string =>
  `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`;

export interface Posted {
  readonly client?: TestClient;
  readonly prefix?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A form to a token-like endpoint, with the client's own way of authentication. */
export async function post(
  server: OauthServer,
  path: string,
  form: Readonly<Record<string, string>> | URLSearchParams,
  { client, prefix = '', headers = {} }: Posted = {},
): Promise<Answer> {
  const body = new URLSearchParams(form);
  if (client?.secret === null) body.set('client_id', client.clientId);
  const authorization = client === undefined || client.secret === null ? {} : { authorization: basic(client) };
  const response = await fetch(server.url + prefix + path, {
    method: 'POST',
    body,
    headers: { ...authorization, ...headers },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

export async function codeFor(browser: Browser, client: TestClient, login: Login): Promise<string> {
  const callback = await signInTo(browser, client, login);
  const code = callback.searchParams.get('code');
  if (code === null) throw new Error(`no code came to the callback: ${callback}`);
  return code;
}

export async function redeem(
  server: OauthServer,
  client: TestClient,
  code: string,
  { prefix, verifier, redirectUri = CALLBACK }: { prefix?: string; verifier?: string; redirectUri?: string } = {},
): Promise<Answer> {
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
  const proof = verifier === undefined ? {} : { code_verifier: verifier };
  return await post(
    server,
    '/oauth2/token',
    { ...form, ...proof },
    { client, ...(prefix === undefined ? {} : { prefix }) },
  );
}

/** Signs in with PKCE and redeems: the answer of the token endpoint. */
export async function tokensFor(browser: Browser, client: TestClient, login: Login): Promise<Answer> {
  const pkce = newPkce();
  const code = await codeFor(browser, client, { ...login, pkce });
  const { prefix } = login;
  return await redeem(browser.server, client, code, {
    verifier: pkce.verifier,
    ...(prefix === undefined ? {} : { prefix }),
  });
}

export const refresh = async (server: OauthServer, client: TestClient, token: string, prefix = ''): Promise<Answer> =>
  await post(server, '/oauth2/token', { grant_type: 'refresh_token', refresh_token: token }, { client, prefix });

export const introspect = async (
  server: OauthServer,
  client: TestClient,
  token: string,
  prefix = '',
): Promise<Answer> => await post(server, '/oauth2/introspect', { token }, { client, prefix });
