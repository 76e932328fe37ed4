/**
 * Page cursors: the sort key of an edge row, sealed with AES-256-GCM under a key of the tenant.
 *
 * The additional data binds a cursor to the question it came from, so that an edited one, another tenant's, or one of
 * another organization, collection, filter or order does not open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { PageKey } from '../infra/read-store/read-store.ts';
import type { Vault } from '../infra/vault/vault.ts';

export const CURSOR_CHARACTERS_MAX = 4_096;

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEYS_CACHED_MAX = 1_000;
const KEYS_CACHED_MS = 600_000;

/** The question that a cursor belongs to. */
export interface CursorScope {
  readonly tenant: string;
  readonly org: string;
  readonly collection: string;
  /** As the caller wrote it; null for none. */
  readonly filter: string | null;
  readonly sort: string | null;
}

export interface CursorSeal {
  seal(scope: CursorScope, key: PageKey): Promise<string>;
  /** Null for whatever was not sealed here for this very question. */
  open(scope: CursorScope, cursor: string): Promise<PageKey | null>;
}

export function createCursorSeal(vault: Pick<Vault, 'blindIndex'>): CursorSeal {
  const keys = new LRUCache<string, Buffer>({ max: KEYS_CACHED_MAX, ttl: KEYS_CACHED_MS });

  async function keyOf(tenant: string): Promise<Buffer> {
    const known = keys.get(tenant);
    if (known !== undefined) return known;
    const key = await vault.blindIndex(tenant, 'page-cursor|1');
    keys.set(tenant, key);
    return key;
  }

  return {
    async seal(scope, { value, id }) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, await keyOf(scope.tenant), nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(bindingOf(scope));
      const sealed = [nonce, cipher.update(JSON.stringify([value, id]), 'utf8'), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(sealed).toString('base64url');
    },

    async open(scope, cursor) {
      if (cursor.length > CURSOR_CHARACTERS_MAX || !/^[A-Za-z0-9_-]+$/.test(cursor)) return null;
      const bytes = Buffer.from(cursor, 'base64url');
      if (bytes.length <= NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== cursor) return null;
      return opened(bytes, await keyOf(scope.tenant), bindingOf(scope));
    },
  };
}

const bindingOf = ({ tenant, org, collection, filter, sort }: CursorScope): Buffer =>
  Buffer.from(JSON.stringify([tenant, org, collection, filter, sort]));

function opened(bytes: Buffer, key: Buffer, binding: Buffer): PageKey | null {
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(binding);
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8');
  try {
    decipher.final();
  } catch {
    // The only failure here: the tag does not fit. The cursor was not made for this question.
    return null;
  }
  const [value, id] = JSON.parse(text) as [PageKey['value'], string];
  return { value, id };
}
