/** The native code that computes argon2id, loaded on first use: start-up does not wait for it. */

export const SALT_BYTES = 16;
export const TAG_BYTES = 32;

export interface Argon2Parameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface Argon2Job extends Argon2Parameters {
  readonly password: Buffer;
  readonly salt: Buffer;
  readonly tagBytes: number;
}

export interface Argon2Engine {
  readonly name: string;
  /** argon2id, version 0x13 (RFC 9106), on a thread of the pool. */
  derive(job: Argon2Job): Promise<Buffer>;
}

/** The faster library where its prebuilt binary fits this machine, else the one that fits more machines. */
export async function loadArgon2Engine(): Promise<Argon2Engine> {
  try {
    return await loadNodeRsEngine();
  } catch (nodeRsError) {
    // Whatever keeps an optional native package from loading, the other one may still load.
    try {
      return await loadNpmEngine();
    } catch (npmError) {
      throw new AggregateError([nodeRsError, npmError], 'no argon2 library loads on this machine');
    }
  }
}

export async function loadNodeRsEngine(): Promise<Argon2Engine> {
  const { hashRaw } = await import('@node-rs/argon2');
  return {
    name: '@node-rs/argon2',
    derive: ({ password, salt, memoryKiB, passes, lanes, tagBytes }) =>
      hashRaw(password, { salt, memoryCost: memoryKiB, timeCost: passes, parallelism: lanes, outputLen: tagBytes }),
  };
}

export async function loadNpmEngine(): Promise<Argon2Engine> {
  const { argon2id, hash } = await import('argon2');
  return {
    name: 'argon2',
    derive: ({ password, salt, memoryKiB, passes, lanes, tagBytes }) =>
      hash(password, {
        type: argon2id,
        raw: true,
        salt,
        memoryCost: memoryKiB,
        timeCost: passes,
        parallelism: lanes,
        hashLength: tagBytes,
      }),
  };
}
