import { afterEach, describe, expect, it } from 'vitest';
import { examine } from '../../cli/doctor.ts';
import { openReadModels } from '../../cli/doctor-rebuild.ts';
import { execute } from '../../commands/pipeline.ts';
import { createUser } from '../../commands/users/create-user.ts';
import { comparePositions, type Position } from '../../infra/event-store/position.ts';
import { openEmbeddedReadStore } from '../../infra/read-store/embedded/reader.ts';
import { openEmbeddedReadStoreWriter } from '../../infra/read-store/embedded/writer.ts';
import { projections } from '../../projections/catalogue.ts';
import { runProjections } from '../../projections/engine.ts';
import { usersProjection } from '../../projections/users.ts';
import { eventually } from '../support/event-store.ts';
import { asking, openSetUpKernel, type TestKernel } from '../support/kernel.ts';
import { capturedOutput } from './captured-output.ts';

let opened: TestKernel | null = null;

afterEach(async () => {
  await opened?.close();
  opened = null;
});

async function newUser({ kernel }: TestKernel, userName: string): Promise<string> {
  const made = await execute(kernel, createUser, { userName, attributes: {} }, asking());
  if (!made.ok) throw new Error(JSON.stringify(made.refusal));
  return made.value.id;
}

/** Brings the read models in the folder of the kernel up to the head of its log. */
async function project({ kernel, directory }: TestKernel): Promise<void> {
  const head = await kernel.store.head();
  if (head === null) throw new Error('the log is empty');
  const writer = openEmbeddedReadStoreWriter({ directory });
  const abort = new AbortController();
  const engine = await runProjections({
    store: kernel.store,
    codec: kernel.codec,
    writer,
    projections,
    signal: abort.signal,
    onError: (_name, error) => {
      throw error;
    },
  });
  await eventually(async () => {
    const statuses = await engine.status();
    return statuses.every(({ position }) => position !== null && comparePositions(position, head) >= 0);
  });
  abort.abort();
  await engine.stop();
  await writer.close();
}

/** Takes a user out of the read models, which stay where they are in the log. */
async function lose({ kernel, directory }: TestKernel, id: string): Promise<void> {
  const writer = openEmbeddedReadStoreWriter({ directory });
  const tables = await writer.open({ ...usersProjection, logIdentity: kernel.store.identity });
  if (tables.checkpoint === null) throw new Error('the read models are empty');
  await tables.apply([{ kind: 'remove', collection: 'users', id }], tables.checkpoint);
  await writer.close();
}

async function examined({ kernel, directory }: TestKernel) {
  const stores = () => ({ ...kernel, live: openEmbeddedReadStore({ directory }) });
  const readModels = (head: Position) => openReadModels(stores(), head, () => undefined);
  const output = capturedOutput();
  const code = await examine(kernel, { readModels, json: true }, output);
  const details = output.json().filter((line) => 'detail' in line);
  return { code, details, summary: output.json().find(({ check }) => check === 'read-models') };
}

describe('muniment doctor with read models', () => {
  it('finds nothing where the read models were made from the log', async () => {
    opened = await openSetUpKernel();
    await newUser(opened, 'kim');
    await project(opened);
    const { code, summary } = await examined(opened);
    expect([code, summary?.['findings']]).toEqual([0, 0]);
    expect(summary?.['seen']).not.toBe('0 documents');
  });

  it('says that a read model is behind, and blames no document, where nobody brought it to the end of the log', async () => {
    opened = await openSetUpKernel();
    await project(opened);
    await newUser(opened, 'kim');
    const { code, details } = await examined(opened);
    expect(code).toBe(1);
    expect(details.map(({ detail }) => detail)).toEqual(['users is behind the log; of its documents differ: 1']);
  });

  it('finds a user whom a read model does not have that says it came to the end of the log', async () => {
    opened = await openSetUpKernel();
    await project(opened);
    const id = await newUser(opened, 'kim');
    await project(opened);
    await lose(opened, id);
    const { code, details } = await examined(opened);
    expect(code).toBe(1);
    expect(details).toHaveLength(1);
    expect(details[0]?.['detail']).toMatch(/^document \S+ of users in \S+ is not what the log makes of it$/);
  });
});
