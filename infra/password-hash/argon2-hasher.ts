/**
 * argon2id (RFC 9106) over a native library.
 *
 * A password is its UTF-8 bytes exactly: NFKC or any other normal form is not applied, so that what another server hashed
 * verifies here. The queue is ours and not the thread pool's, so that hashing never starves files, DNS or other work.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Argon2Engine, loadArgon2Engine, SALT_BYTES, TAG_BYTES } from './argon2-engine.ts';
import { createHashQueue, type HashQueue } from './hash-queue.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { formatPhc, type PhcHash, parsePhc } from './phc.ts';

/** Longer ones are refused before any work is done. */
export const HASHED_PASSWORD_BYTES_MAX = 1024;

export interface PasswordHasherOptions {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
  /** Hashes computed at once: the number of cores. */
  readonly concurrency: number;
  /** Hashes that may wait; beyond that `HashQueueFull`. */
  readonly queueMax: number;
  readonly metrics?: Pick<Telemetry, 'counter' | 'gauge' | 'histogram'>;
  /** Default: whichever library loads. */
  readonly loadEngine?: () => Promise<Argon2Engine>;
}

export function createPasswordHasher(options: PasswordHasherOptions): PasswordHasher {
  const { memoryKiB, passes, lanes, loadEngine = loadArgon2Engine } = options;
  const queue = observedQueue(options);
  // What a name that does not exist is verified against.
  const nothing: PhcHash = { memoryKiB, passes, lanes, salt: randomBytes(SALT_BYTES), tag: randomBytes(TAG_BYTES) };
  let engine: Promise<Argon2Engine> | null = null;

  const derive = (password: Buffer, { salt, tag, ...parameters }: PhcHash): Promise<Buffer> =>
    queue.run(async () => {
      engine ??= loadEngine();
      return (await engine).derive({ ...parameters, password, salt, tagBytes: tag.length });
    });

  const isCurrent = (hash: PhcHash): boolean =>
    hash.memoryKiB === memoryKiB &&
    hash.passes === passes &&
    hash.lanes === lanes &&
    hash.salt.length >= SALT_BYTES &&
    hash.tag.length === TAG_BYTES;

  async function matches(password: string, hash: PhcHash): Promise<boolean> {
    const bytes = hashable(password);
    if (bytes === null) return false;
    return timingSafeEqual(await derive(bytes, hash), hash.tag);
  }

  return {
    async hash(password) {
      const bytes = hashable(password);
      if (bytes === null) throw new RangeError(`a password beyond ${HASHED_PASSWORD_BYTES_MAX} bytes cannot be hashed`);
      const fresh: PhcHash = { ...nothing, salt: randomBytes(SALT_BYTES) };
      return formatPhc({ ...fresh, tag: await derive(bytes, fresh) });
    },
    async verify(phc, password) {
      const hash = parsePhc(phc);
      return { matches: await matches(password, hash), rehash: !isCurrent(hash) };
    },
    async verifyNothing(password) {
      await matches(password, nothing);
    },
    close: () => queue.close(),
  };
}

/** Null when nobody can have such a password: too long, or half a character, which UTF-8 would silently replace. */
function hashable(password: string): Buffer | null {
  if (password.length > HASHED_PASSWORD_BYTES_MAX || !password.isWellFormed()) return null;
  const bytes = Buffer.from(password, 'utf8');
  return bytes.length > HASHED_PASSWORD_BYTES_MAX ? null : bytes;
}

function observedQueue({ concurrency, queueMax, metrics }: PasswordHasherOptions): HashQueue {
  if (metrics === undefined) return createHashQueue({ concurrency, queueMax });
  const duration = metrics.histogram({
    name: 'muniment_password_hash_seconds',
    help: 'Time to compute one password hash.',
  });
  const refused = metrics.counter({
    name: 'muniment_password_hash_refused_total',
    help: 'Password hashes refused because the queue was full.',
  });
  const queue = createHashQueue({
    concurrency,
    queueMax,
    onDone: (seconds) => duration.observe(seconds),
    onRefused: () => refused.add(),
  });
  metrics.gauge({ name: 'muniment_password_hash_waiting', help: 'Password hashes waiting for a core.' }, queue.waiting);
  return queue;
}
