import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import { Unsupported } from '../../infra/event-store/errors.ts';
import { collect, idsOf, messagesUntil, newEvents, newStream } from '../support/event-store.ts';
import { startStoreProcess } from '../support/event-store-process.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muniment-lock-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (mode: 'writer' | 'reader') =>
  openEmbeddedEventStore({ directory, mode, freeBytesMin: 0, heartbeatMs: 200 });

function changeFile(sql: string): void {
  const database = new DatabaseSync(join(directory, 'events.db'), { timeout: 5_000 });
  database.exec(sql);
  database.close();
}

describe('two processes and one log', () => {
  it('[E43] [SEC-L2] refuses a second writer, naming the first and what to do', async () => {
    const child = await startStoreProcess(directory, 'hold');
    const refused = open('writer');
    await expect(refused).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'not-applied' });
    await expect(refused).rejects.toThrow(
      new RegExp(`process ${child.pid} .*stop that process, or read the log there`),
    );
    await child.kill();
  });

  it('[SEC-L2] does not take the log from a process that is only paused', async () => {
    const child = await startStoreProcess(directory, 'hold');
    child.signal('SIGSTOP');
    await expect(open('writer')).rejects.toThrow(`process ${child.pid} `);
    child.signal('SIGCONT');
    await child.kill();
  });

  it('[SEC-L2] takes over from a process that was killed', async () => {
    const child = await startStoreProcess(directory, 'hold');
    await child.kill();
    const store = await open('writer');
    expect(await store.append(newStream(), 'no-stream', newEvents(1))).toMatchObject({ revision: 0n });
    await store.close();
  });

  it('[SEC-L2] refuses a second writer in the same process', async () => {
    const store = await open('writer');
    await expect(open('writer')).rejects.toThrow(`process ${process.pid} `);
    await store.close();
    await (await open('writer')).close();
  });

  it('[SEC-L2] does not take the log from a writer that gives signs of life although its lock was lost', async () => {
    await (await open('writer')).close();
    changeFile(`UPDATE log SET writer_pid = 1, writer_host = 'another', writer_heartbeat = ${Date.now()}`);
    const beating = setInterval(() => changeFile(`UPDATE log SET writer_heartbeat = ${Date.now()}`), 50);
    await expect(open('writer')).rejects.toThrow('process 1 on another');
    clearInterval(beating);
    await (await open('writer')).close();
  });

  it('[SEC-L2] fences a writer that has lost the log: it writes nothing more', async () => {
    const store = await open('writer');
    const events = newEvents(1);
    await store.append(newStream(), 'no-stream', events);
    changeFile('UPDATE log SET writer_epoch = writer_epoch + 1');

    const fenced = store.append(newStream(), 'no-stream', newEvents(1));
    await expect(fenced).rejects.toThrow('another process has taken over the log');
    await expect(store.append(newStream(), 'no-stream', newEvents(1))).rejects.toMatchObject({
      name: 'StoreUnavailable',
    });
    expect(await store.health()).toMatchObject({ ok: false });
    expect(idsOf(await collect(store.readAll({ after: 'start' })))).toEqual(idsOf(events));
    await store.close();
  });

  it('reads and follows what another process writes', async () => {
    const child = await startStoreProcess(directory, 'write');
    const reader = await open('reader');
    const { events } = await messagesUntil(reader.subscribe({ after: 'start' }), (_, seen) => seen.length >= 200);
    expect(events.map(({ position }) => position.commit).slice(0, 200)).toEqual(
      Array.from({ length: 200 }, (_, i) => BigInt(i + 1)),
    );
    await expect(reader.append(newStream(), 'any', newEvents(1))).rejects.toBeInstanceOf(Unsupported);
    await reader.close();
    await child.kill();
  });

  it('says that there is nothing to read before the log exists', async () => {
    await expect(open('reader')).rejects.toMatchObject({
      name: 'StoreUnavailable',
      message: expect.stringContaining('no readable log'),
    });
  });
});

describe('a log after an unclean stop', () => {
  it('is checked before it is written again, and a gap in a stream stops the start', async () => {
    const store = await open('writer');
    const stream = newStream();
    await store.append(stream, 'no-stream', newEvents(3));
    await store.close();
    changeFile(
      "DELETE FROM event WHERE rev = 1; UPDATE log SET writer_pid = 2147480000, writer_host = 'gone', writer_heartbeat = 0",
    );
    await expect(open('writer')).rejects.toThrow(`the revisions of stream ${stream} have a gap`);
  });
});
