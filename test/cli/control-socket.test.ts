import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  askControlSocket,
  ControlRefused,
  controlSocketPath,
  NoServer,
  serveControlSocket,
} from '../../cli/control-socket.ts';
import { ConsumerRequestRefused } from '../../consumers/engine.ts';
import type { ProjectionStatus } from '../../infra/read-store/read-store.ts';

let data = '';

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'muniment-control-'));
});

afterEach(() => rm(data, { recursive: true, force: true }));

const users: ProjectionStatus = { name: 'users', version: 1, position: { commit: 16n, prepare: 16n }, state: 'live' };

function engine() {
  const asked: string[] = [];
  return {
    asked,
    status: () => [users],
    rebuild: async (name: string) => void asked.push(`rebuild ${name}`),
    retry: async (name: string) => void asked.push(`retry ${name}`),
  };
}

const neverFails = (error: unknown) => {
  throw error;
};

describe('the control socket of a running server', () => {
  it('tells the state of every projection', async () => {
    const path = controlSocketPath(data);
    const socket = await serveControlSocket({ path, projections: engine(), onFault: neverFails });
    const { projections } = await askControlSocket(path, { op: 'projections.status' });
    await socket.close();
    expect(projections).toEqual([
      { name: 'users', version: 1, state: 'live', position: '0000000000000010/0000000000000010' },
    ]);
  });

  it('begins a rebuild and answers before it ends', async () => {
    const path = controlSocketPath(data);
    const projections = { ...engine(), rebuild: () => new Promise<void>(() => undefined) };
    const socket = await serveControlSocket({ path, projections, onFault: neverFails });
    await expect(askControlSocket(path, { op: 'projections.rebuild', name: 'users' })).resolves.toMatchObject({
      ok: true,
    });
    await socket.close();
  });

  it('reports a rebuild that failed after its caller had been answered', async () => {
    const path = controlSocketPath(data);
    const faults: unknown[] = [];
    const projections = { ...engine(), rebuild: () => Promise.reject(new Error('disk full')) };
    const socket = await serveControlSocket({ path, projections, onFault: (error) => faults.push(error) });
    await askControlSocket(path, { op: 'projections.rebuild', name: 'users' });
    await socket.close();
    expect(faults).toEqual([new Error('disk full')]);
  });

  it('refuses an unknown projection and names those there are', async () => {
    const path = controlSocketPath(data);
    const projections = engine();
    const socket = await serveControlSocket({ path, projections, onFault: neverFails });
    const refused = askControlSocket(path, { op: 'projections.rebuild', name: 'user' });
    await expect(refused).rejects.toThrow(new ControlRefused('there is no projection user; there are users'));
    await socket.close();
    expect(projections.asked).toEqual([]);
  });

  it('can be opened by nobody but the account of the server', async () => {
    const path = controlSocketPath(data);
    const socket = await serveControlSocket({ path, projections: engine(), onFault: neverFails });
    const { mode } = await stat(path);
    await socket.close();
    expect(mode & 0o777).toBe(0o600);
  });

  it('answers nonsense with a refusal and goes on', async () => {
    const path = controlSocketPath(data);
    const socket = await serveControlSocket({ path, projections: engine(), onFault: neverFails });
    const raw = connect(path);
    raw.write('{"op":"shutdown"}\n');
    const [reply] = (await once(raw, 'data')) as [Buffer];
    await expect(askControlSocket(path, { op: 'projections.status' })).resolves.toMatchObject({ ok: true });
    await socket.close();
    expect(JSON.parse(reply.toString())).toEqual({ ok: false, error: 'the question was not understood' });
  });

  it('takes the place of a socket that a dead server left', async () => {
    const path = controlSocketPath(data);
    await writeFile(path, '');
    const socket = await serveControlSocket({ path, projections: engine(), onFault: neverFails });
    await expect(askControlSocket(path, { op: 'projections.status' })).resolves.toMatchObject({ ok: true });
    await socket.close();
  });

  it('serves a data folder deeper than a socket address may be long', async () => {
    const deep = join(data, 'deep'.repeat(30));
    await mkdir(deep);
    const former = process.cwd();
    process.chdir(deep);
    try {
      const path = controlSocketPath(deep);
      const socket = await serveControlSocket({ path, projections: engine(), onFault: neverFails });
      await expect(askControlSocket(path, { op: 'projections.status' })).resolves.toMatchObject({ ok: true });
      await socket.close();
      process.chdir(former);
      await expect(askControlSocket(path, { op: 'projections.status' })).rejects.toThrow(/too long/);
    } finally {
      process.chdir(former);
    }
  });

  it('lets parked events of a consumer be tried again or skipped, and hands on what is refused', async () => {
    const asked: string[] = [];
    const consumers = {
      status: async () => [],
      retry: async (name: string, event: string | null) => void asked.push(`retry ${name} ${event}`),
      async skip(name: string, event: string, reason: string) {
        if (name === 'nobody') throw new ConsumerRequestRefused('there is no consumer nobody');
        asked.push(`skip ${name} ${event} ${reason}`);
      },
    };
    const path = controlSocketPath(data);
    const socket = await serveControlSocket({ path, projections: engine(), consumers, onFault: neverFails });
    const skip = { op: 'consumers.skip', event: 'e1', reason: 'gone' } as const;
    await askControlSocket(path, { op: 'consumers.retry', name: 'webhooks', event: null });
    await askControlSocket(path, { ...skip, name: 'webhooks' });
    await expect(askControlSocket(path, { ...skip, name: 'nobody' })).rejects.toThrow(ControlRefused);
    await expect(askControlSocket(path, { op: 'consumers.status' })).resolves.toMatchObject({ consumers: [] });
    await socket.close();
    expect(asked).toEqual(['retry webhooks null', 'skip webhooks e1 gone']);
  });

  it('is told apart from a server that does not run', async () => {
    await expect(askControlSocket(controlSocketPath(data), { op: 'projections.status' })).rejects.toThrow(NoServer);
  });
});
