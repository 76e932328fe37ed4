/** Reads an authorization request and checks it in order (RFC 6749 §4.1.1, OIDC Core §3.1.2.2, RFC 7636 §4.3). */
import type { Client } from '../../commands/applications/client-directory.ts';
import type { Request } from '../http/route.ts';
import type { OauthDoor } from './oauth-door.ts';
import {
  formOf,
  KEPT_PARAMETER_CHARACTERS_MAX,
  type Parameters,
  type ParametersRefusal,
  readParameters,
  refusalText,
  scopesIn,
} from './parameters.ts';
import { isRegistered } from './redirect-uri.ts';

export const PROMPTS = ['none', 'login', 'consent', 'select_account'] as const;
export type Prompt = (typeof PROMPTS)[number];

/** Where the answer goes, once that is trusted. A type, not an interface: it is kept as JSON. */
export type Callback = {
  readonly redirectUri: string;
  readonly responseMode: 'query' | 'form_post';
  readonly state: string | null;
};

export type AuthorizeRequest = Callback & {
  readonly application: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly nonce: string | null;
  readonly challenge: string | null;
  readonly challengeMethod: 'S256' | 'plain' | null;
  readonly prompts: readonly Prompt[];
  readonly maxAgeS: number | null;
};

/** For the error page: nothing of the request is trusted, so it is not followed. */
export class UntrustedRequest extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'UntrustedRequest';
    this.code = code;
  }
}

/** Expired, used up, of another browser, or never begun. */
export const unknownFlow = (): UntrustedRequest => new UntrustedRequest('invalid_request', 'login.flow.not.found');

/** For the client's callback. */
export class AuthorizeError extends Error {
  readonly code: string;
  readonly callback: Callback;

  constructor(callback: Callback, code: string, description: string) {
    super(description);
    this.name = 'AuthorizeError';
    this.code = code;
    this.callback = callback;
  }
}

export interface ReadRequest {
  readonly authorize: AuthorizeRequest;
  readonly client: Client;
  /** Passed on to the login page, kept nowhere. */
  readonly loginHint: string | null;
  readonly idTokenHint: string | null;
}

export async function readAuthorizeRequest(door: OauthDoor, request: Request): Promise<ReadRequest> {
  const given = request.method === 'POST' ? formOf(request) : request.query;
  const { parameters, refusal } = readParameters(given, KEPT_PARAMETER_CHARACTERS_MAX);
  const client = await clientOf(door, request, { parameters, refusal });
  const callback = callbackOf(request, client, parameters);
  if (refusal !== null) throw new AuthorizeError(callback, 'invalid_request', refusalText(refusal));
  refuseUnsupported(callback, parameters);
  const authorize: AuthorizeRequest = {
    ...callback,
    application: client.id,
    clientId: client.application.oidc?.clientId ?? '',
    scopes: [...scopesIn(parameters.get('scope'))],
    nonce: parameters.get('nonce') ?? null,
    ...challengeOf(callback, client, parameters),
    prompts: promptsOf(callback, parameters),
    maxAgeS: maxAgeOf(callback, parameters),
  };
  const [loginHint = null, idTokenHint = null] = [parameters.get('login_hint'), parameters.get('id_token_hint')];
  return { authorize, client, loginHint, idTokenHint };
}

interface Read {
  readonly parameters: Parameters;
  readonly refusal: ParametersRefusal | null;
}

/** Unknown, disabled and revoked clients look the same. */
async function clientOf(door: OauthDoor, request: Request, { parameters, refusal }: Read): Promise<Client> {
  const named = typeof refusal === 'object' && refusal !== null && Object.values(refusal)[0];
  if (named === 'client_id' || named === 'redirect_uri' || refusal === 'too-many') {
    throw new UntrustedRequest('invalid_request', 'Invalid request with repeated parameters.');
  }
  const clientId = parameters.get('client_id');
  if (clientId === undefined) throw new UntrustedRequest('invalid_request', 'Client ID not found in the request.');
  const client = await door.clients.find(request.tenant.id, clientId);
  const usable = client?.application.enabled === true && client.application.oidc?.state === 'ACTIVE';
  if (client === null || !usable) {
    throw new UntrustedRequest('invalid_client', 'A valid OAuth client could not be found for the client_id.');
  }
  return client;
}

function callbackOf(request: Request, { application }: Client, parameters: Parameters): Callback {
  const redirectUri = parameters.get('redirect_uri');
  if (redirectUri === undefined) {
    throw new UntrustedRequest('invalid_request', 'Redirect URI is not present in the authorization request.');
  }
  if (!isRegistered(request.tenant, application, redirectUri)) {
    throw new UntrustedRequest('invalid_callback', 'callback.not.match');
  }
  const state = parameters.get('state') ?? null;
  const mode = parameters.get('response_mode') ?? 'query';
  if (mode === 'query' || mode === 'form_post') return { redirectUri, state, responseMode: mode };
  const callback: Callback = { redirectUri, state, responseMode: 'query' };
  throw new AuthorizeError(callback, 'invalid_request', 'Unsupported response_mode.');
}

const SECRETS = ['username', 'password', 'client_secret'];

const UNSUPPORTED: Readonly<Record<string, string>> = {
  request: 'request_not_supported',
  request_uri: 'request_uri_not_supported',
  registration: 'registration_not_supported',
};

function refuseUnsupported(callback: Callback, parameters: Parameters): void {
  const responseType = parameters.get('response_type');
  if (SECRETS.some((name) => parameters.has(name))) {
    throw new AuthorizeError(
      callback,
      'invalid_request',
      'The request carries a parameter that must not be in an address.',
    );
  }
  for (const [name, code] of Object.entries(UNSUPPORTED)) {
    if (parameters.has(name)) throw new AuthorizeError(callback, code, `The parameter ${name} is not supported.`);
  }
  if (responseType === undefined) {
    throw new AuthorizeError(callback, 'invalid_request', 'Missing response_type parameter value');
  }
  if (responseType !== 'code') {
    throw new AuthorizeError(callback, 'unsupported_response_type', 'Invalid response_type parameter value');
  }
}

const CHALLENGE = /^[A-Za-z0-9._~-]{43,128}$/;

function challengeOf(callback: Callback, { application }: Client, parameters: Parameters) {
  const challenge = parameters.get('code_challenge');
  const given = parameters.get('code_challenge_method');
  const { pkce, publicClient } = application.oidc ?? {};
  if (challenge === undefined && given === undefined) {
    // RFC 9700 §2.1.1: a public client has nothing else that binds the code to it.
    if (pkce?.mandatory !== true && publicClient !== true) return { challenge: null, challengeMethod: null };
    throw new AuthorizeError(callback, 'invalid_request', MANDATORY);
  }
  const method = given ?? 'plain';
  if (method !== 'S256' && method !== 'plain') {
    throw new AuthorizeError(callback, 'invalid_request', 'Unsupported PKCE Challenge Method');
  }
  if (challenge === undefined || !CHALLENGE.test(challenge)) {
    throw new AuthorizeError(callback, 'invalid_request', MANDATORY);
  }
  if (method === 'plain' && pkce?.plain !== true) {
    throw new AuthorizeError(callback, 'invalid_request', NO_PLAIN);
  }
  return { challenge, challengeMethod: method } as const;
}

const MANDATORY =
  'PKCE is mandatory for this application. PKCE Challenge is not provided or is not upto RFC 7636 specification.';
const NO_PLAIN = 'This application does not support "plain" transformation algorithm.';

function promptsOf(callback: Callback, parameters: Parameters): readonly Prompt[] {
  const given = [...scopesIn(parameters.get('prompt'))];
  const prompts = PROMPTS.filter((prompt) => given.includes(prompt));
  if (prompts.length < given.length) throw new AuthorizeError(callback, 'invalid_request', 'Invalid prompt value.');
  if (prompts.includes('none') && prompts.length > 1) {
    throw new AuthorizeError(callback, 'invalid_request', 'The prompt none is combined with another value.');
  }
  return prompts;
}

function maxAgeOf(callback: Callback, parameters: Parameters): number | null {
  const given = parameters.get('max_age');
  if (given === undefined) return null;
  if (!/^\d{1,9}$/.test(given)) throw new AuthorizeError(callback, 'invalid_request', 'Invalid max_age value.');
  return Number(given);
}
