import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Checkpoint, ForeignCheckpoint } from '../../../infra/stream/checkpoints.ts';
import { takeOverCheckpoints } from '../../../infra/stream/embedded/restored-checkpoints.ts';
import { openEmbeddedTransientStore } from '../../../infra/transient-store/embedded/embedded-transient-store.ts';
import { TRANSIENT_FILE } from '../../../infra/transient-store/embedded/transient-schema.ts';

it('checkpoints go over to the new identity of a log that was put back, and to no other log', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-checkpoints-'));
  const position = { commit: 7n, prepare: 7n };
  const before = await openEmbeddedTransientStore({ directory, clock: Date.now });
  for (const [name, log] of [
    ['relay-muniment', 'former'],
    ['stream-other', 'of another'],
  ] as const) {
    const checkpoint = new Checkpoint({ transient: before, name, log, clock: Date.now });
    expect(await checkpoint.read()).toBeNull();
    await checkpoint.move(position);
  }
  await before.close();
  takeOverCheckpoints(join(directory, TRANSIENT_FILE), { former: 'former', next: 'next' });
  const transient = await openEmbeddedTransientStore({ directory, clock: Date.now });
  const read = (name: string) => new Checkpoint({ transient, name, log: 'next', clock: Date.now }).read();
  expect(await read('relay-muniment')).toEqual(position);
  await expect(read('stream-other')).rejects.toThrow(ForeignCheckpoint);
  await transient.close();
  await rm(directory, { recursive: true, force: true });
});
