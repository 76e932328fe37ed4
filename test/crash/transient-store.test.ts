import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedTransientStore } from '../../infra/transient-store/embedded/embedded-transient-store.ts';

const KILLS = 10;
const WRITER = fileURLToPath(new URL('./transient-store-writer.ts', import.meta.url));

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muniment-transient-crash-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Ids that a writer acknowledged before it was killed, in the middle of its work. */
async function acknowledgedUntilKilled(run: number, acknowledgedMin: number): Promise<readonly string[]> {
  const writer = spawn(process.execPath, [WRITER, directory, String(run)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => writer.once('exit', resolve));
  let output = '';
  let lines = 0;
  for await (const chunk of writer.stdout.setEncoding('utf8')) {
    output += String(chunk);
    lines += String(chunk).split('\n').length - 1;
    if (lines >= acknowledgedMin) writer.kill('SIGKILL');
  }
  await exited;
  expect(writer.signalCode).toBe('SIGKILL');
  return output.split('\n').slice(0, -1);
}

describe('the embedded transient store under kill -9', () => {
  it(`loses nothing it acknowledged and keeps no half commit, in ${KILLS} kills`, { timeout: 120_000 }, async () => {
    for (let run = 0; run < KILLS; run += 1) {
      const acknowledged = await acknowledgedUntilKilled(run, 50 + run * 37);
      const store = await openEmbeddedTransientStore({ directory, clock: Date.now });
      for (const id of acknowledged) {
        expect(await store.get({ type: 'session', tenant: 't', id: `${id}-a` }), id).not.toBeNull();
      }
      await store.close();
      expect(halfCommits()).toEqual([]);
    }
  });
});

/** Entries without the other half of their commit, or without their tag. */
function halfCommits(): readonly unknown[] {
  const database = new DatabaseSync(join(directory, 'transient.sqlite'), { readOnly: true });
  try {
    return database
      .prepare(`
        SELECT substr(id, 1, length(id) - 2) AS commit_id FROM entries GROUP BY commit_id HAVING count(*) <> 2
        UNION ALL SELECT id FROM entries WHERE id LIKE '%-a' AND id NOT IN (SELECT id FROM tags)`)
      .all();
  } finally {
    database.close();
  }
}
