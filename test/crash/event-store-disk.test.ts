import { chmod, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import type { EventStore } from '../../infra/event-store/event-store.ts';
import { collect, eventually, idsOf, newEvent, newEvents, newStream } from '../support/event-store.ts';
import { type SmallDisk, smallDisk } from '../support/event-store-disk.ts';
import { embeddedUnderTest } from '../support/event-store-embedded.ts';

let disk: SmallDisk;
beforeEach(async () => {
  disk = await smallDisk();
});
afterEach(() => disk.remove());

const open = (mode: 'writer' | 'reader' = 'writer') =>
  openEmbeddedEventStore({ directory: disk.directory, mode, freeBytesMin: disk.freeBytesMin });

const bulk = () => newEvent({ data: { text: 'x'.repeat(50_000) } });

/** The first append that fails, and the ids of those that did not. */
async function appendUntilRefused(store: EventStore): Promise<{ ids: string[]; error: unknown }> {
  const ids: string[] = [];
  for (let tries = 0; tries < 10_000; tries += 1) {
    const event = bulk();
    try {
      await store.append(newStream(), 'no-stream', [event]);
      ids.push(event.id);
    } catch (error) {
      return { ids, error };
    }
  }
  throw new Error('the disk did not fill');
}

const isAccepted = (store: EventStore): Promise<boolean> =>
  store.append(newStream(), 'no-stream', newEvents(1)).then(
    () => true,
    () => false,
  );

it('[E43] [SEC-L3] survives a full disk: clear refusal, reads go on, appends resume when there is space', async () => {
  const store = await open();
  const first = bulk();
  await store.append(newStream(), 'no-stream', [first]);
  await disk.fill();

  const { ids, error } = await appendUntilRefused(store);
  expect(error).toMatchObject({ name: 'StoreUnavailable', outcome: 'not-applied', retryable: true });
  expect(String(error)).toMatch(/full|disk are free/);
  expect(idsOf(await collect(store.readAll({ after: 'start' })))).toEqual([first.id, ...ids]);

  await disk.free();
  await eventually(() => isAccepted(store));
  expect(await collect(store.readAll({ after: 'start' }))).toHaveLength(ids.length + 2);
  await store.close();
  const database = new DatabaseSync(join(disk.directory, 'events.db'), { readOnly: true });
  expect(database.prepare('PRAGMA quick_check').all()).toEqual([{ quick_check: 'ok' }]);
  database.close();
});

it('[E43] says what to check when the log cannot be written, and can still read it', async () => {
  const store = await open();
  const events = newEvents(3);
  await store.append(newStream(), 'no-stream', events);
  await store.close();
  const isReadOnlyDisk = disk.setReadOnly(true);
  if (!isReadOnlyDisk) await chmod(disk.directory, 0o500);

  await expect(open()).rejects.toThrow(
    'cannot be written: check that its folder exists, its permissions and its mount',
  );
  // In a folder of another user's a writer may come at any time: there reading needs its lock files.
  if (isReadOnlyDisk) {
    const reader = await open('reader');
    expect(idsOf(await collect(reader.readAll({ after: 'start' })))).toEqual(idsOf(events));
    await reader.close();
  }

  if (!disk.setReadOnly(false)) await chmod(disk.directory, 0o700);
  const again = await open();
  expect(await again.append(newStream(), 'no-stream', newEvents(1))).toMatchObject({ revision: 0n });
  await again.close();
});

it('[E43] stops taking events while there is still room to act, and says so to who asks for its health', async () => {
  const { bavail, bsize } = await statfs(disk.directory);
  const guarded = await embeddedUnderTest({ freeBytesMin: 1_000 * bavail * bsize + 2 ** 50 });
  const refused = guarded.store.append(newStream(), 'no-stream', newEvents(1));
  await expect(refused).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'not-applied' });
  await expect(refused).rejects.toThrow(/the log takes no events: \d+ MiB of disk are free, \d+ MiB are required/);
  expect(await guarded.store.health()).toMatchObject({ ok: false, detail: expect.stringContaining('MiB') });
  expect(await guarded.store.head()).toBeNull();
  await guarded.dispose();
});
