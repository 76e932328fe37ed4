import { expect, it, vi } from 'vitest';
import { loadArgon2Engine } from '../../../infra/password-hash/argon2-engine.ts';

vi.mock('@node-rs/argon2', () => {
  throw new Error('no prebuilt binary for this machine');
});

it('hashes with the other library where the faster one does not load', async () => {
  const engine = await loadArgon2Engine();
  expect(engine.name).toBe('argon2');
  const job = { password: Buffer.from('x'), salt: Buffer.alloc(16), memoryKiB: 64, passes: 1, lanes: 1, tagBytes: 32 };
  expect(await engine.derive(job)).toHaveLength(32);
});
