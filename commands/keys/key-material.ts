/** New signing keys: ES256 (P-256) and RS256 (2048 bit), with the key id that carries their algorithm. */
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { NewSigningKey, SigningAlgorithm } from '../../domain/keys/signing-keys.ts';
import type { SecretRef } from '../../infra/vault/vault.ts';

const RSA_BITS = 2_048;

const generate = promisify(generateKeyPair);

export interface KeyMaterial {
  readonly key: NewSigningKey;
  /** PKCS #8, DER. */
  readonly privateKey: Buffer;
}

export const signingKeyRef = (organization: string, kid: string): SecretRef => ({
  kind: 'signing-key',
  owner: organization,
  id: kid,
});

export async function newSigningKey(alg: SigningAlgorithm): Promise<KeyMaterial> {
  const { publicKey, privateKey } =
    alg === 'ES256'
      ? await generate('ec', { namedCurve: 'P-256' })
      : await generate('rsa', { modulusLength: RSA_BITS });
  const publicJwk = publicKey.export({ format: 'jwk' }) as Record<string, string>;
  const der = (privateKey as KeyObject).export({ format: 'der', type: 'pkcs8' });
  return { key: { kid: `${await thumbprint(publicJwk)}_${alg}`, alg, publicJwk }, privateKey: der };
}

/** RFC 7638 with SHA-256. */
async function thumbprint(jwk: Readonly<Record<string, string>>): Promise<string> {
  const { calculateJwkThumbprint } = await import('jose'); // only where a key is made
  return await calculateJwkThumbprint(jwk);
}
