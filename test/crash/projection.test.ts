import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventCodec } from '../../infra/event-codec/event-codec.ts';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import { openEmbeddedReadStore } from '../../infra/read-store/embedded/reader.ts';
import { openEmbeddedReadStoreWriter } from '../../infra/read-store/embedded/writer.ts';
import { runProjections } from '../../projections/engine.ts';
import { notesProjection, plainCodec } from '../support/note-projection.ts';

const KILLS = 25;
const LOG = { mode: 'writer', durability: 'normal', freeBytesMin: 0, heartbeatMs: 50 } as const;
const TEST_MS_MAX = 120_000;
const WORKER = join(import.meta.dirname, 'projection-worker.ts');

describe('a projector that is killed', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'muniment-crash-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Resolves with the signal that ended it. */
  const runUntilKilled = (round: number, killAfter: number): Promise<NodeJS.Signals | null> =>
    new Promise((resolve, reject) => {
      const worker = spawn(process.execPath, [WORKER, directory, String(round), String(killAfter)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      worker.once('error', reject);
      worker.once('exit', (_, signal) => resolve(signal));
    });

  /** The read model after catching up, by which every acknowledged event was seen. */
  async function caughtUp(read: string) {
    const store = await openEmbeddedEventStore({ directory, ...LOG });
    const writer = openEmbeddedReadStoreWriter({ directory: read });
    const codec = plainCodec as EventCodec;
    const projections = [notesProjection()];
    const engine = await runProjections({ store, codec, writer, projections, onError: fail });
    const readers = openEmbeddedReadStore({ directory: read });
    const head = await store.head();
    if (head === null) throw new Error('the workers appended nothing');
    expect(await readers.waitFor('notes', head, 10_000)).toBe('reached');
    const page = await readers.query({ collection: 'notes', tenant: 't', limit: 1000, total: true });
    await engine.stop();
    await readers.close();
    await writer.close();
    await store.close();
    return page;
  }

  it(
    '[E35] has after 25 kills between append and checkpoint the read model of a rebuild from zero',
    async () => {
      for (let round = 0; round < KILLS; round += 1) {
        expect(await runUntilKilled(round, (round % 4) * 3)).toBe('SIGKILL');
      }
      const recovered = await caughtUp(join(directory, 'read'));
      const rebuilt = await caughtUp(join(directory, 'read-from-zero'));
      expect(recovered.total).toBeGreaterThan(0);
      expect(JSON.stringify(recovered)).toBe(JSON.stringify(rebuilt));
    },
    TEST_MS_MAX,
  );
});

function fail(error: unknown): never {
  throw error;
}
