/** Signs and verifies the server's own JSON Web Tokens (RFC 7515, RFC 7519) with an organization's signing keys. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { TenantId } from '../../domain/ids.ts';
import type { Json } from '../../domain/json.ts';
import { activeKey, type SigningAlgorithm, type SigningKey, signingKeys } from '../../domain/keys/signing-keys.ts';
import type { Kernel } from '../kernel.ts';
import { signingKeyRef } from '../keys/key-material.ts';

export const JWT_CHARACTERS_MAX = 16_384;
const KEYS_CACHED_MAX = 500;
const VERIFIED_CACHED_MAX = 10_000;

export type Claims = { readonly [name: string]: Json | undefined };

export interface JwtSigner {
  /** Fails when the organization has no active key of the algorithm. */
  sign(tenant: TenantId, request: { alg: SigningAlgorithm; typ: string; claims: Claims }): Promise<string>;
  /** Claims of a token that one of the tenant's published keys signed; null for anything else. Times are the caller's to judge. */
  verify(tenant: TenantId, token: string, typ: string): Promise<Claims | null>;
}

export function createJwtSigner(kernel: Pick<Kernel, 'aggregates' | 'vault'>): JwtSigner {
  const privateKeys = new LRUCache<string, KeyObject>({ max: KEYS_CACHED_MAX });
  const publicKeys = new LRUCache<string, KeyObject>({ max: KEYS_CACHED_MAX });
  const headers = new LRUCache<string, string>({ max: KEYS_CACHED_MAX });

  /** Signatures that were right once; whether their key is still published is looked at each time. */
  const verified = new LRUCache<string, { readonly kid: string; readonly claims: Claims }>({
    max: VERIFIED_CACHED_MAX,
  });

  async function privateKey(tenant: TenantId, kid: string): Promise<KeyObject> {
    const cached = privateKeys.get(kid);
    if (cached !== undefined) return cached;
    const der = await kernel.vault.secret(signingKeyRef(tenant, kid));
    if (der === null) throw new Error(`the vault has no private key for the active signing key ${kid}`);
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    privateKeys.set(kid, key);
    return key;
  }

  function headerOf({ kid, alg }: SigningKey, typ: string): string {
    const cached = headers.get(`${typ}|${kid}`);
    if (cached !== undefined) return cached;
    const header = Buffer.from(JSON.stringify({ typ, alg, kid })).toString('base64url');
    headers.set(`${typ}|${kid}`, header);
    return header;
  }

  function publicKey(key: SigningKey): KeyObject {
    const cached = publicKeys.get(key.kid);
    if (cached !== undefined) return cached;
    const made = createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' });
    publicKeys.set(key.kid, made);
    return made;
  }

  return {
    async sign(tenant, { alg, typ, claims }) {
      const { state } = await kernel.aggregates.load(signingKeys, tenant);
      const key = activeKey(state, alg);
      if (key === null) throw new Error(`organization ${tenant} has no active ${alg} key; rotate its signing keys`);
      const input = `${headerOf(key, typ)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
      const signature = sign('sha256', Buffer.from(input), options(await privateKey(tenant, key.kid), alg));
      return `${input}.${signature.toString('base64url')}`;
    },

    async verify(tenant, token, typ) {
      const name = `${tenant}|${typ}|${token}`;
      const known = verified.get(name);
      if (known !== undefined) {
        const { state } = await kernel.aggregates.load(signingKeys, tenant);
        return state.keys.some(({ kid }) => kid === known.kid) ? known.claims : null;
      }
      const parts = parse(token);
      if (parts === null || !hasOnlyKnownHeaders(parts.header) || parts.header['typ'] !== typ) return null;
      const { state } = await kernel.aggregates.load(signingKeys, tenant);
      const key = state.keys.find(({ kid, alg }) => kid === parts.header['kid'] && alg === parts.header['alg']);
      if (key === undefined) return null;
      const valid = verify('sha256', parts.input, options(publicKey(key), key.alg), parts.signature);
      if (!valid) return null;
      verified.set(name, { kid: key.kid, claims: parts.claims });
      return parts.claims;
    },
  };
}

const options = (key: KeyObject, alg: SigningAlgorithm) =>
  alg === 'ES256' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : { key };

const KNOWN_HEADERS = new Set(['typ', 'alg', 'kid']);

/** Our own tokens carry no more; `crit`, `jwk`, `jku` and `x5u` of a forged one are never looked at. */
const hasOnlyKnownHeaders = (header: Claims): boolean => Object.keys(header).every((name) => KNOWN_HEADERS.has(name));

const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

function parse(token: string) {
  if (token.length > JWT_CHARACTERS_MAX) return null;
  const match = COMPACT.exec(token);
  if (match === null) return null;
  const [, header = '', payload = '', signatureText = ''] = match;
  const signature = Buffer.from(signatureText, 'base64url');
  // Other spellings of the same bytes are other tokens.
  if (signature.toString('base64url') !== signatureText) return null;
  const headerClaims = object(header);
  const claims = object(payload);
  if (headerClaims === null || claims === null) return null;
  return { header: headerClaims, claims, input: Buffer.from(`${header}.${payload}`), signature };
}

function object(encoded: string): Claims | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
