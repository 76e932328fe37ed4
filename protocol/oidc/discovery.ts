/** What a client must know to begin: the discovery document and the key set (OIDC Discovery §4, RFC 7517). */

import { LRUCache } from 'lru-cache';
import { dictionaryOf } from '../../commands/attributes/attribute-command.ts';
import { GRANT_TYPES } from '../../domain/applications/application-events.ts';
import type { AttributeDictionary } from '../../domain/attributes/dictionary.ts';
import { activeKey, SIGNING_ALGORITHMS, type SigningKeys, signingKeys } from '../../domain/keys/signing-keys.ts';
import { claimsOf } from '../../domain/users/openid-claims.ts';
import { issuerOf } from '../http/authenticate.ts';
import type { Request, Response } from '../http/route.ts';
import type { Tenant } from '../http/tenant.ts';
import { READABLE_BY_ALL } from '../oauth2/cross-origin.ts';
import type { OauthDoor } from '../oauth2/oauth-door.ts';

const TENANTS_CACHED_MAX = 1_000;
/** How long others may hold the documents: a retired key is gone for everybody after this time. */
const MAX_AGE_S = 300;

const HEADERS = {
  ...READABLE_BY_ALL,
  'content-type': 'application/json',
  'cache-control': `public, max-age=${MAX_AGE_S}`,
} as const;

/** The two middle segments that clients know. */
const SEGMENTS: ReadonlySet<string> = new Set(['token', 'oidcdiscovery']);

interface Documents {
  /** What they were made from. */
  readonly keys: SigningKeys;
  readonly attributes: AttributeDictionary;
  readonly baseUrl: string;
  readonly discovery: Response;
  readonly jwks: Response;
}

export interface DiscoveryEndpoints {
  readonly discovery: (request: Request) => Promise<Response>;
  readonly jwks: (request: Request) => Promise<Response>;
}

export function discoveryEndpoints({ kernel }: Pick<OauthDoor, 'kernel'>): DiscoveryEndpoints {
  const made = new LRUCache<string, Documents>({ max: TENANTS_CACHED_MAX });

  async function documentsOf(tenant: Tenant): Promise<Documents> {
    const { state: keys } = await kernel.aggregates.load(signingKeys, tenant.id);
    const attributes = await dictionaryOf(kernel, tenant.id);
    const known = made.get(tenant.id);
    const isNewest = known?.keys === keys && known.attributes === attributes && known.baseUrl === tenant.baseUrl;
    if (known !== undefined && isNewest) return known;
    const documents = {
      keys,
      attributes,
      baseUrl: tenant.baseUrl,
      discovery: prebuilt(discoveryDocument(tenant, keys, attributes)),
      jwks: prebuilt(keySet(keys)),
    };
    made.set(tenant.id, documents);
    return documents;
  }

  return {
    discovery: async ({ params, tenant }) => {
      if (!SEGMENTS.has(params['segment'] ?? '')) return unknownSegment;
      return (await documentsOf(tenant)).discovery;
    },
    jwks: async ({ tenant }) => (await documentsOf(tenant)).jwks,
  };
}

const unknownSegment: Response = {
  status: 400,
  body: { error: 'invalid_request', error_description: 'No discovery document has this address.' },
};

const prebuilt = (document: object): Response => ({
  status: 200,
  headers: HEADERS,
  body: Buffer.from(JSON.stringify(document)),
});

/** Only what this server does: a feature that is off is absent. */
function discoveryDocument(tenant: Tenant, keys: SigningKeys, attributes: AttributeDictionary): object {
  const { baseUrl } = tenant;
  const clientMethods = ['client_secret_basic', 'client_secret_post'];
  return {
    issuer: issuerOf(tenant),
    authorization_endpoint: `${baseUrl}/oauth2/authorize`,
    token_endpoint: `${baseUrl}/oauth2/token`,
    userinfo_endpoint: `${baseUrl}/oauth2/userinfo`,
    revocation_endpoint: `${baseUrl}/oauth2/revoke`,
    introspection_endpoint: `${baseUrl}/oauth2/introspect`,
    jwks_uri: `${baseUrl}/oauth2/jwks`,
    end_session_endpoint: `${baseUrl}/oidc/logout`,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    grant_types_supported: GRANT_TYPES,
    token_endpoint_auth_methods_supported: [...clientMethods, 'none'],
    revocation_endpoint_auth_methods_supported: [...clientMethods, 'none'],
    introspection_endpoint_auth_methods_supported: clientMethods,
    code_challenge_methods_supported: ['S256', 'plain'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: SIGNING_ALGORITHMS.filter((alg) => activeKey(keys, alg) !== null),
    scopes_supported: [...attributes.scopes.keys()],
    claims_supported: [...claimsOf(attributes), 'iss', 'aud', 'exp', 'iat', 'auth_time', 'amr', 'nonce', 'sid'],
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    authorization_response_iss_parameter_supported: true,
  };
}

const keySet = ({ keys }: SigningKeys): object => ({
  keys: keys.map(({ kid, alg, publicJwk }) => ({ ...publicJwk, kid, alg, use: 'sig' })),
});
