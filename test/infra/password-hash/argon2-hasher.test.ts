import { afterEach, describe, expect, it } from 'vitest';
import {
  type Argon2Engine,
  loadArgon2Engine,
  loadNodeRsEngine,
  loadNpmEngine,
} from '../../../infra/password-hash/argon2-engine.ts';
import { createPasswordHasher, type PasswordHasherOptions } from '../../../infra/password-hash/argon2-hasher.ts';
import { HashQueueFull, type PasswordHasher } from '../../../infra/password-hash/password-hasher.ts';

const small = { memoryKiB: 64, passes: 1, lanes: 1, concurrency: 2, queueMax: 8 };
const opened: PasswordHasher[] = [];

function hasher(options: Partial<PasswordHasherOptions> = {}): PasswordHasher {
  const created = createPasswordHasher({ ...small, ...options });
  opened.push(created);
  return created;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

/** An engine whose hashes end when the test says so. */
function heldEngine() {
  const release: (() => void)[] = [];
  let calls = 0;
  const engine: Argon2Engine = {
    name: 'held',
    derive: ({ tagBytes }) => {
      calls += 1;
      return new Promise((resolve) => release.push(() => resolve(Buffer.alloc(tagBytes))));
    },
  };
  return { loadEngine: async () => engine, release, calls: () => calls };
}

describe('hashing passwords', () => {
  it('writes an argon2id PHC string with the configured parameters', async () => {
    const phc = await hasher({ memoryKiB: 128, passes: 2 }).hash('correct horse');
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=128,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  });

  it('verifies the password it hashed and no other', async () => {
    const phc = await hasher().hash('correct horse');
    expect(await hasher().verify(phc, 'correct horse')).toEqual({ matches: true, rehash: false });
    expect(await hasher().verify(phc, 'correct horsf')).toEqual({ matches: false, rehash: false });
  });

  it('salts each hash anew', async () => {
    expect(await hasher().hash('same')).not.toBe(await hasher().hash('same'));
  });

  it('asks for a new hash when the configured parameters differ', async () => {
    const phc = await hasher({ memoryKiB: 64 }).hash('correct horse');
    expect(await hasher({ memoryKiB: 128 }).verify(phc, 'correct horse')).toEqual({ matches: true, rehash: true });
    expect((await hasher({ passes: 2 }).verify(phc, 'correct horse')).rehash).toBe(true);
  });

  it.each([
    ['@node-rs/argon2', loadNodeRsEngine, loadNpmEngine],
    ['argon2', loadNpmEngine, loadNodeRsEngine],
  ])('verifies with the other library what %s hashed', async (_, loadEngine, loadOther) => {
    const phc = await hasher({ loadEngine, lanes: 2 }).hash('pässwörd');
    expect(await hasher({ loadEngine: loadOther, lanes: 2 }).verify(phc, 'pässwörd')).toEqual({
      matches: true,
      rehash: false,
    });
  });

  it('writes what the libraries themselves verify', async () => {
    const phc = await hasher().hash('correct horse');
    const [nodeRs, npm] = [await import('@node-rs/argon2'), await import('argon2')];
    expect(await nodeRs.verify(phc, 'correct horse')).toBe(true);
    expect(await npm.verify(phc, 'correct horse')).toBe(true);
  });

  it('verifies what the libraries themselves wrote', async () => {
    const { hash } = await import('argon2');
    const phc = await hash('correct horse', { memoryCost: 64, timeCost: 2, parallelism: 1 });
    expect(await hasher().verify(phc, 'correct horse')).toEqual({ matches: true, rehash: true });
  });

  it('prefers the faster library where it loads', async () => {
    expect((await loadArgon2Engine()).name).toBe('@node-rs/argon2');
  });

  it('takes the bytes as they are: composed and decomposed letters are different passwords', async () => {
    const phc = await hasher().hash('caf\u00e9 noir');
    expect((await hasher().verify(phc, 'cafe\u0301 noir')).matches).toBe(false);
  });

  it('takes every byte into account, also beyond the 72nd', async () => {
    const phc = await hasher().hash(`${'a'.repeat(100)}1`);
    expect((await hasher().verify(phc, `${'a'.repeat(100)}2`)).matches).toBe(false);
  });

  it('refuses half a character instead of replacing it', async () => {
    const phc = await hasher().hash('\ufffd secret');
    expect((await hasher().verify(phc, '\ud800 secret')).matches).toBe(false);
  });

  it.each([
    ['memory beyond the limit', '$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHRzYWx0$dGFndGFndGFndGFndGFndGFn'],
    ['passes beyond the limit', '$argon2id$v=19$m=64,t=999,p=1$c2FsdHNhbHRzYWx0$dGFndGFndGFndGFndGFndGFn'],
    ['another algorithm', '$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$dGFndGFndGFndGFndGFndGFn'],
    ['a tag too short to tell passwords apart', '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$dGFn'],
  ])('does not compute a stored hash with %s', async (_, phc) => {
    const held = heldEngine();
    await expect(hasher({ loadEngine: held.loadEngine }).verify(phc, 'correct horse')).rejects.toThrow(
      'a stored password hash',
    );
    expect(held.calls()).toBe(0);
  });
});

describe('hashing under load', () => {
  it('[SEC-J2] refuses a password of 1 MB before any work, in verifying as in hashing', async () => {
    const held = heldEngine();
    const passwords = hasher({ loadEngine: held.loadEngine });
    const long = 'x'.repeat(1_000_000);
    const phc = '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$dGFndGFndGFndGFndGFndGFn';
    await expect(passwords.hash(long)).rejects.toThrow(RangeError);
    expect((await passwords.verify(phc, long)).matches).toBe(false);
    await passwords.verifyNothing(long);
    expect(held.calls()).toBe(0);
  });

  it('[SEC-J2] accepts 1024 bytes of UTF-8 and not one more', async () => {
    await expect(hasher().hash('é'.repeat(512))).resolves.toMatch(/^\$argon2id/);
    await expect(hasher().hash(`${'é'.repeat(512)}a`)).rejects.toThrow(RangeError);
  });

  it('[SEC-J2] runs as many hashes as it has cores, keeps the rest waiting, and refuses beyond the bound', async () => {
    const held = heldEngine();
    const passwords = hasher({ loadEngine: held.loadEngine, concurrency: 2, queueMax: 10 });
    const outcomes = Array.from({ length: 1000 }, () => passwords.verifyNothing('correct horse'));
    const settled = Promise.allSettled(outcomes);
    await expect.poll(() => held.calls()).toBe(2);

    while (held.calls() < 12) {
      for (const end of held.release.splice(0)) end();
      await new Promise(setImmediate);
    }
    for (const end of held.release.splice(0)) end();
    const refused = (await settled).filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
    expect(refused).toHaveLength(988);
    expect(refused.every((error) => error instanceof HashQueueFull && error.retryAfterS >= 1)).toBe(true);
  });

  it('names a time to come back that grows with the queue', async () => {
    const slow: Argon2Engine = {
      name: 'slow',
      derive: ({ tagBytes }) => new Promise((resolve) => setTimeout(() => resolve(Buffer.alloc(tagBytes)), 1)),
    };
    const passwords = hasher({ loadEngine: async () => slow, concurrency: 1, queueMax: 4000 });
    const all = Array.from({ length: 4001 }, () => passwords.verifyNothing('x').catch(() => undefined));
    const refusal = await passwords.verifyNothing('x').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(HashQueueFull);
    expect((refusal as HashQueueFull).retryAfterS).toBeGreaterThan(1);
    await passwords.close();
    await Promise.all(all);
  });

  it('goes on after a hash that failed', async () => {
    let calls = 0;
    const failing: Argon2Engine = {
      name: 'failing',
      derive: async ({ tagBytes }) => {
        calls += 1;
        if (calls === 1) throw new Error('out of memory');
        return Buffer.alloc(tagBytes);
      },
    };
    const passwords = hasher({ loadEngine: async () => failing, concurrency: 1 });
    const [first, second] = await Promise.allSettled([passwords.hash('a'), passwords.hash('b')]);
    expect([first?.status, second?.status]).toEqual(['rejected', 'fulfilled']);
  });

  it('spends on a name that does not exist what it spends on one that does', async () => {
    const jobs: unknown[] = [];
    const engine: Argon2Engine = {
      name: 'recording',
      derive: async ({ memoryKiB, passes, lanes, tagBytes }) => {
        jobs.push({ memoryKiB, passes, lanes, tagBytes });
        return Buffer.alloc(tagBytes);
      },
    };
    const passwords = hasher({ loadEngine: async () => engine, memoryKiB: 256, passes: 3 });
    await passwords.verify(await passwords.hash('correct horse'), 'correct horse');
    await passwords.verifyNothing('correct horse');
    expect(jobs).toHaveLength(3);
    expect(new Set(jobs.map((job) => JSON.stringify(job))).size).toBe(1);
  });

  it('loads the native library with the first hash, once', async () => {
    let loads = 0;
    const passwords = hasher({
      loadEngine: () => {
        loads += 1;
        return loadArgon2Engine();
      },
    });
    expect(loads).toBe(0);
    await Promise.all([passwords.hash('a'), passwords.hash('b'), passwords.hash('c')]);
    expect(loads).toBe(1);
  });
});

it('measures its hashes, its queue and its refusals', async () => {
  const seen: string[] = [];
  let waiting: () => number | Promise<number> = () => -1;
  const held = heldEngine();
  const passwords = hasher({
    loadEngine: held.loadEngine,
    concurrency: 1,
    queueMax: 1,
    metrics: {
      counter: ({ name }) => ({ add: () => seen.push(name) }),
      histogram: ({ name }) => ({ observe: () => seen.push(name) }),
      gauge: (_, read) => {
        waiting = read;
      },
    },
  });
  const all = ['a', 'b', 'c'].map((password) => passwords.verifyNothing(password).catch((error: unknown) => error));
  await expect.poll(() => held.calls()).toBe(1);
  expect(await waiting()).toBe(1);
  for (const calls of [1, 2]) {
    await expect.poll(() => held.calls()).toBe(calls);
    for (const end of held.release.splice(0)) end();
  }
  await Promise.all(all);
  expect(seen).toEqual([
    'muniment_password_hash_refused_total',
    'muniment_password_hash_seconds',
    'muniment_password_hash_seconds',
  ]);
});
