/** A whole login over the HTML form with PKCE, as a person's browser and his application would do it. */
import { createHash, randomBytes } from 'node:crypto';
import type { ClientCredentials, Endpoints } from '../targets/target.ts';
import { Browser } from './browser.ts';
import type { Answer, Connection } from './connection.ts';

export interface Login {
  readonly endpoints: Endpoints & { readonly authorize: string };
  readonly client: ClientCredentials;
  readonly redirectUri: string;
  readonly user: { readonly userName: string; readonly password: string };
  readonly scope: string;
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
}

/** A fresh cookie jar each time. Throws where the flow does not go as it must. */
export async function logIn(connection: Connection, login: Login): Promise<Tokens> {
  const browser = new Browser(connection);
  const verifier = randomBytes(32).toString('base64url');
  const code = await authorize(browser, login, createHash('sha256').update(verifier).digest('base64url'));
  const fields = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: login.redirectUri,
    code_verifier: verifier,
  };
  return await requestToken(connection, { path: login.endpoints.token, client: login.client, fields });
}

async function authorize(browser: Browser, login: Login, challenge: string): Promise<string> {
  const { redirectUri, client, scope, user } = login;
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: redirectUri,
    scope,
    state: 'bench',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const first = await browser.get(`${login.endpoints.authorize}?${query}`);
  const { page } = await browser.follow(first, redirectUri);
  if (page === null || page.status !== 200) throw new Error(`login page answered ${page?.status ?? 'a redirect'}`);

  const fields = { username: user.userName, password: user.password, sessionDataKey: hiddenField(page) };
  const answer = await browser.submit('/commonauth', fields);
  const { left, page: last } = await browser.follow(answer, redirectUri);
  const code = left?.searchParams.get('code');
  if (code === undefined || code === null) throw new Error(`login ended without a code (${last?.status ?? left})`);
  return code;
}

function hiddenField(page: Answer): string {
  const match = /name="sessionDataKey"\s+value="([^"]+)"/.exec(page.body.toString('utf8'));
  if (match?.[1] === undefined) throw new Error('the login page has no sessionDataKey');
  return match[1];
}

export interface TokenCall {
  readonly path: string;
  readonly client: ClientCredentials;
  readonly fields: Readonly<Record<string, string>>;
}

export const basicAuthorization = ({ clientId, clientSecret }: ClientCredentials): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64')}`;

export const formHeaders = (client: ClientCredentials): Readonly<Record<string, string>> => ({
  Authorization: basicAuthorization(client),
  'Content-Type': 'application/x-www-form-urlencoded',
});

export async function requestToken(connection: Connection, { path, client, fields }: TokenCall): Promise<Tokens> {
  const body = new URLSearchParams(fields).toString();
  const answer = await connection.request({ method: 'POST', path, headers: formHeaders(client), body });
  if (answer.status !== 200) throw new Error(`token endpoint answered ${answer.status} ${text(answer)}`);
  return JSON.parse(answer.body.toString('utf8')) as Tokens;
}

export const text = (answer: Answer): string => answer.body.toString('utf8').slice(0, 300);
