import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../infra/sqlite/database.ts';
import {
  type GroupCommitWriter,
  JobRefused,
  startGroupCommitWriter,
  WriterFailed,
} from '../../../infra/sqlite/group-commit.ts';
import type { NameJob } from './names-writer.ts';

const entry = new URL('./names-writer.ts', import.meta.url);

let directory: string;
let file: string;
let writer: GroupCommitWriter<NameJob, number, { file: string }>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muniment-writer-'));
  file = join(directory, 'names.db');
  writer = await startGroupCommitWriter({ entry, options: { file } });
});

afterEach(async () => {
  await writer.close();
  await rm(directory, { recursive: true, force: true });
});

const names = (): string[] => {
  const database = openDatabase({ file, readOnly: true });
  const rows = database.statement('SELECT name FROM name ORDER BY name').all();
  database.close();
  return rows.map((row) => String(row.name));
};

const add = (name: string) => writer.submit({ kind: 'add', name });
const outcomes = async (jobs: readonly Promise<number>[]) =>
  (await Promise.allSettled(jobs)).map((result) => (result.status === 'rejected' ? result.reason : result.value));

describe('the group-commit writer', () => {
  it('tells what its open told, and has committed when it answers', async () => {
    expect(writer.info).toEqual({ file });
    await add('a');
    expect(names()).toEqual(['a']);
  });

  it('commits what queued up together in few groups', async () => {
    const groups = await Promise.all(Array.from({ length: 512 }, (_, index) => add(`n${index}`)));
    expect(names()).toHaveLength(512);
    expect(Math.max(...groups)).toBeLessThan(100);
  });

  it('leaves the others of a group untouched when one is refused', async () => {
    const [first, refused, last] = await outcomes([add('a'), add('a'), add('b')]);
    expect([first, last]).toEqual([0, 0]);
    expect(refused).toBeInstanceOf(JobRefused);
    expect(refused.refusal).toEqual({ taken: 'a' });
    expect(names()).toEqual(['a', 'b']);
  });

  it('undoes a job that throws half way and keeps the others', async () => {
    const [first, thrown, last] = await outcomes([add('a'), writer.submit({ kind: 'throw' }), add('b')]);
    expect([first, last]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(thrown).toMatchObject({ name: 'WriterFailed', fault: 'job', outcome: 'not-applied' });
    expect(names()).toEqual(['a', 'b']);
  });

  it('fails the whole group on a full disk and goes on afterwards', async () => {
    const [first, second] = await outcomes([add('a'), writer.submit({ kind: 'disk-full' })]);
    expect([first, second]).toMatchObject([{ fault: 'full', outcome: 'not-applied' }, { fault: 'full' }]);
    await add('b');
    expect(names()).toEqual(['b']);
  });

  it('[SEC-L3] stops for good after a failed fsync, and says that the outcome is unknown', async () => {
    const [first, second] = await outcomes([add('a'), writer.submit({ kind: 'fsync-fails' })]);
    expect([first, second]).toMatchObject([
      { fault: 'broken', outcome: 'unknown' },
      { fault: 'broken', outcome: 'unknown' },
    ]);
    await expect(add('b')).rejects.toMatchObject({ fault: 'stopped', outcome: 'not-applied' });
    expect(writer.stopped()).toContain('disk I/O error');
    expect(names()).toEqual([]);
  });

  it('[SEC-L2] stops for good when another writer has taken the file', async () => {
    await expect(writer.submit({ kind: 'fenced' })).rejects.toMatchObject({ outcome: 'not-applied' });
    await expect(add('b')).rejects.toMatchObject({ fault: 'stopped' });
  });

  it('rejects everything that waits when the thread dies', async () => {
    const [first, second] = await outcomes([add('a'), writer.submit({ kind: 'die' })]);
    expect([first, second]).toMatchObject([{ outcome: 'unknown' }, { outcome: 'unknown' }]);
    await expect(add('b')).rejects.toBeInstanceOf(WriterFailed);
  });

  it('runs a job that needs the file for itself between two groups', async () => {
    expect(await outcomes([add('a'), writer.submit({ kind: 'vacuum' }), add('b')])).toEqual([0, -1, 1]);
  });

  it('commits what was submitted before it closes', async () => {
    const pending = [add('a'), add('b')];
    await writer.close();
    expect(await outcomes(pending)).toEqual([0, 0]);
    await expect(add('c')).rejects.toMatchObject({ fault: 'stopped' });
  });

  it('says why it cannot open', async () => {
    await expect(startGroupCommitWriter({ entry, options: { file: '' } })).rejects.toMatchObject({
      name: 'JobRefused',
      refusal: { reason: 'no-file' },
    });
    const missing = startGroupCommitWriter({ entry, options: { file: join(directory, 'missing', 'names.db') } });
    await expect(missing).rejects.toMatchObject({ fault: 'read-only' });
  });
});
