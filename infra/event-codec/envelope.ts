/**
 * One sealed value: AES-256-GCM, bound by its additional data to the event, type and place it was sealed for, so that
 * it opens nowhere else.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomFillSync } from 'node:crypto';
import type { Json } from '../../domain/json.ts';
import type { DataKey } from '../vault/vault.ts';

export const ENVELOPE_VERSION = '1';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const GCM = { authTagLength: TAG_BYTES } as const;

/** A type, not an interface: an envelope stands in `data` as JSON. */
export type Envelope = {
  readonly $enc: string;
  /** Key id. */
  readonly k: string;
  /** Nonce, base64url. */
  readonly n: string;
  /** Ciphertext and tag, base64url. */
  readonly c: string;
};

/** What a value is bound to. */
export interface Place {
  readonly event: string;
  readonly type: string;
  /** JSON pointer (RFC 6901) of the value. */
  readonly pointer: string;
}

/** A sealed value that does not open with its own key: tampered with, moved, or sealed by a broken writer. Never erasure. */
export class EnvelopeUnreadable extends Error {
  readonly event: string;
  readonly pointer: string;

  constructor({ event, type, pointer }: Place, detail: string) {
    super(`event ${event} (${type}) holds at ${pointer} a sealed value that cannot be opened: ${detail}`);
    this.name = 'EnvelopeUnreadable';
    this.event = event;
    this.pointer = pointer;
  }
}

export function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null) return false;
  const { $enc, k, n, c } = value as Partial<Record<keyof Envelope, unknown>>;
  return typeof $enc === 'string' && typeof k === 'string' && typeof n === 'string' && typeof c === 'string';
}

export function seal(value: Json, dataKey: DataKey, place: Place): Envelope {
  const nonce = freshNonce();
  const cipher = createCipheriv(CIPHER, keyObject(dataKey), nonce, GCM);
  cipher.setAAD(Buffer.from(additionalData(place)));
  const text = cipher.update(JSON.stringify(value), 'utf8');
  cipher.final();
  const sealed = Buffer.concat([text, cipher.getAuthTag()]);
  return { $enc: ENVELOPE_VERSION, k: dataKey.id, n: nonce.toString('base64url'), c: sealed.toString('base64url') };
}

export function open(envelope: Envelope, dataKey: DataKey, place: Place): Json {
  if (envelope.$enc !== ENVELOPE_VERSION) throw new EnvelopeUnreadable(place, 'unknown version');
  const nonce = Buffer.from(envelope.n, 'base64url');
  const sealed = Buffer.from(envelope.c, 'base64url');
  if (nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) throw new EnvelopeUnreadable(place, 'malformed');
  const decipher = createDecipheriv(CIPHER, keyObject(dataKey), nonce, GCM);
  decipher.setAAD(Buffer.from(additionalData(place)));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const text = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES), undefined, 'utf8');
  try {
    decipher.final();
  } catch {
    // The library has one failure here: the tag does not fit. What it says of it is the same text always.
    throw new EnvelopeUnreadable(place, 'authentication failed');
  }
  return JSON.parse(text) as Json;
}

const additionalData = ({ event, type, pointer }: Place): string => `${event}|${type}|${pointer}`;

/** A key object costs a quarter per use of what raw bytes do; it goes when the vault's cache lets the key go. */
const keyObjects = new WeakMap<DataKey, KeyObject>();

function keyObject(dataKey: DataKey): KeyObject {
  const known = keyObjects.get(dataKey);
  if (known !== undefined) return known;
  const created = createSecretKey(dataKey.key);
  keyObjects.set(dataKey, created);
  return created;
}

const NONCES = 256;
const nonces = Buffer.alloc(NONCES * NONCE_BYTES);
let nextNonce = NONCES;

/** Random, drawn many at a time: one draw costs as much as 256 do. */
function freshNonce(): Buffer {
  if (nextNonce === NONCES) {
    randomFillSync(nonces);
    nextNonce = 0;
  }
  const start = nextNonce * NONCE_BYTES;
  nextNonce += 1;
  return nonces.subarray(start, start + NONCE_BYTES);
}
