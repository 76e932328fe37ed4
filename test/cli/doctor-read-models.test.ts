import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newFindings } from '../../cli/doctor-findings.ts';
import { compareReadModels } from '../../cli/doctor-read-models.ts';
import { openEmbeddedReadStore } from '../../infra/read-store/embedded/reader.ts';
import { openEmbeddedReadStoreWriter } from '../../infra/read-store/embedded/writer.ts';
import type { Document, ReadStore, Write } from '../../infra/read-store/read-store.ts';

const TENANT = '10084a8d-113f-4211-a0d5-efe36b082211';
const collections = [{ name: 'things', fields: [{ path: 'name', kind: 'text' }] }] as const;

let folder = '';
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muniment-models-'));
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await rm(folder, { recursive: true, force: true });
});

const thing = (number: number, name = `thing ${number}`): Document => ({
  id: `t${String(number).padStart(4, '0')}`,
  tenant: TENANT,
  org: TENANT,
  name,
});

interface Model {
  readonly store: ReadStore;
  apply(...writes: readonly Write[]): Promise<void>;
}

const put = (document: Document): Write => ({ kind: 'put', collection: 'things', document });

async function model(name: string): Promise<Model> {
  const directory = join(folder, name);
  const writer = openEmbeddedReadStoreWriter({ directory });
  const tables = await writer.open({ name: 'things', version: 1, collections: [...collections], logIdentity: 'log' });
  const store = openEmbeddedReadStore({ directory });
  closing.push(
    () => store.close(),
    () => writer.close(),
  );
  let at = 0n;
  return {
    store,
    apply: async (...writes) => {
      at += 1n;
      await tables.apply(writes, { commit: at, prepare: at });
    },
  };
}

async function compare(live: Model, rebuilt: Model, pause: () => Promise<void> = async () => undefined) {
  const findings = newFindings();
  const compared = await compareReadModels({
    head: { commit: 1n, prepare: 1n },
    live: live.store,
    rebuilt: rebuilt.store,
    collections: ['things'],
    tenants: [TENANT],
    findings,
    progress: () => undefined,
    pause,
  });
  return { compared, found: findings.listed.map(({ detail }) => detail) };
}

const thousand = Array.from({ length: 1_200 }, (_, index) => put(thing(index)));

describe('the comparison of read models with the log', () => {
  it('finds nothing in models that are the same, over more than a page', async () => {
    const [live, rebuilt] = [await model('live'), await model('rebuilt')];
    await live.apply(...thousand);
    await rebuilt.apply(...[...thousand].reverse());
    expect(await compare(live, rebuilt)).toEqual({ compared: 1_200, found: [] });
  });

  it('finds the document that differs, the one that is missing and the one too many', async () => {
    const [live, rebuilt] = [await model('live'), await model('rebuilt')];
    await rebuilt.apply(put(thing(1)), put(thing(2)), put(thing(3)));
    await live.apply(put(thing(1, 'other')), put(thing(2)), put(thing(4)));
    const { found } = await compare(live, rebuilt);
    expect(found.map((detail) => detail.split(' ')[1]).sort()).toEqual(['t0001', 't0003', 't0004']);
  });

  it('does not take for a difference what the server had just not written yet', async () => {
    const [live, rebuilt] = [await model('live'), await model('rebuilt')];
    await rebuilt.apply(put(thing(1)));
    await live.apply(put(thing(2)));
    const catchUp = () => live.apply(put(thing(1)), { kind: 'remove', collection: 'things', id: thing(2).id });
    expect((await compare(live, rebuilt, catchUp)).found).toEqual([]);
  });
});
