/** Key material at rest: AES-256-GCM, `nonce | ciphertext | tag`, bound to the row that it stands in. */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const GCM = { authTagLength: TAG_BYTES } as const;

export function wrap(key: KeyObject, row: string, secret: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, GCM);
  cipher.setAAD(Buffer.from(row));
  return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
}

/** Null when the key, the row or the bytes are others than those it was wrapped with. */
export function unwrapped(key: KeyObject, row: string, wrapped: Uint8Array): Buffer | null {
  if (wrapped.length < NONCE_BYTES + TAG_BYTES) return null;
  const tagStart = wrapped.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, wrapped.subarray(0, NONCE_BYTES), GCM);
  decipher.setAAD(Buffer.from(row));
  decipher.setAuthTag(wrapped.subarray(tagStart));
  const secret = decipher.update(wrapped.subarray(NONCE_BYTES, tagStart));
  try {
    decipher.final();
  } catch {
    // One failure here: the tag does not fit. The caller knows what it means for its row.
    return null;
  }
  return secret;
}

export function unwrap(key: KeyObject, row: string, wrapped: Uint8Array): Buffer {
  const secret = unwrapped(key, row, wrapped);
  if (secret === null) throw new Error(`the vault's row ${row} cannot be opened: it was tampered with or damaged`);
  return secret;
}
