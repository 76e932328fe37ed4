/** A page and an exact search cost the same in an organization of 10,000 and of 100,000 users. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedReadStore } from '../../infra/read-store/embedded/reader.ts';
import { openEmbeddedReadStoreWriter } from '../../infra/read-store/embedded/writer.ts';
import type { Document, Filter, Query, ReadStore } from '../../infra/read-store/read-store.ts';
import { naiveIds } from '../support/naive-query.ts';
import { userCollection, userDocument } from '../support/user-documents.ts';

const SMALL = 10_000;
const LARGE = 100_000;
/** Ten times the documents; a scan would cost ten times as much. */
const RATIO_MAX = 3;
/** Below this the clock and the neighbours decide. */
const NOISE_MS = 0.5;
const ROUNDS = 60;
const SETUP_MS_MAX = 60_000;

interface House {
  readonly size: number;
  readonly store: ReadStore;
  close(): Promise<void>;
}

async function houseOf(size: number): Promise<House> {
  const directory = mkdtempSync(join(tmpdir(), 'muniment-scale-'));
  const writer = openEmbeddedReadStoreWriter({ directory });
  const live = await writer.open({ name: 'users', version: 1, collections: [userCollection], logIdentity: 'log' });
  const building = await live.beside();
  for (let first = 0; first < size; first += 1_000) {
    const documents = Array.from({ length: 1_000 }, (_, at) => userDocument(first + at));
    const position = { commit: BigInt(first), prepare: BigInt(first) };
    await building.apply(
      documents.map((document) => ({ kind: 'put', collection: 'users', document })),
      position,
    );
  }
  await building.promote();
  const store = openEmbeddedReadStore({ directory });
  return {
    size,
    store,
    async close() {
      await store.close();
      await writer.close();
      rmSync(directory, { recursive: true });
    },
  };
}

const users = {
  collection: 'users',
  tenant: 'tenant-1',
  org: 'org-1',
  sort: { path: 'userName', direction: 'ascending' },
  limit: 50,
} as const;

const nameOf = (number: number): string => `user${String(number).padStart(7, '0')}`;

describe('searching users', () => {
  let small: House;
  let large: House;
  beforeAll(async () => {
    small = await houseOf(SMALL);
    large = await houseOf(LARGE);
  }, SETUP_MS_MAX);
  afterAll(async () => {
    await small.close();
    await large.close();
  });

  async function medianMs({ size, store }: House, ask: (number: number) => Query): Promise<number> {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      // No two questions are the same, so that no answer is remembered.
      const query = ask((round * 7_919) % size);
      const began = performance.now();
      await store.query(query);
      times.push(performance.now() - began);
    }
    return times.toSorted((a, b) => a - b)[ROUNDS / 2] ?? 0;
  }

  const grows: readonly (readonly [string, (number: number) => Query])[] = [
    ['the first page of all', () => ({ ...users, total: true })],
    ['a page after a key', (number) => ({ ...users, total: true, after: { value: nameOf(number), id: '' } })],
    ['an exact user name', (number) => ({ ...users, total: true, filter: eq('userName', nameOf(number)) })],
    [
      'an exact address',
      (number) => ({ ...users, total: true, filter: eq('emails.value', `${nameOf(number)}@example.com`) }),
    ],
    [
      'a page of a prefix',
      (number) => ({ ...users, filter: { op: 'prefix', path: 'userName', value: nameOf(number).slice(0, 9) } }),
    ],
    [
      'a part of a user name',
      (number) => ({
        ...users,
        total: true,
        filter: { op: 'contains', path: 'userName', value: nameOf(number).slice(3) },
      }),
    ],
  ];
  it.each(grows)('%s does not grow with the organization', async (_, ask) => {
    const before = await medianMs(small, ask);
    const after = await medianMs(large, ask);
    expect(after).toBeLessThan(Math.max(before, NOISE_MS) * RATIO_MAX);
  });

  const filters: readonly Filter[] = [
    { op: 'prefix', path: 'userName', value: 'USER' },
    { op: 'prefix', path: 'emails.value', value: 'user' },
    { op: 'prefix', path: 'emails.value', value: 'ada.' },
    { op: 'contains', path: 'displayName', value: 'lovelace' },
    { op: 'contains', path: 'emails.value', value: 'example' },
    { op: 'suffix', path: 'emails.value', value: '@home.example' },
    { op: 'not', filter: { op: 'prefix', path: 'emails.value', value: 'ada.' } },
    { op: 'and', filters: [{ op: 'prefix', path: 'emails.value', value: 'user' }, eq('active', false)] },
    {
      op: 'and',
      filters: [
        { op: 'ge', path: 'loginCount', value: 500 },
        { op: 'prefix', path: 'userName', value: 'user00' },
      ],
    },
    { op: 'or', filters: [eq('name.givenName', 'Ada'), { op: 'prefix', path: 'emails.value', value: 'grace.' }] },
    {
      op: 'any',
      path: 'emails',
      filter: { op: 'and', filters: [eq('type', 'home'), { op: 'prefix', path: 'value', value: 'a' }] },
    },
    { op: 'present', path: 'phoneNumbers.value' },
  ];
  it.each(filters)('answers %j as looking at every user does, however it finds them', async (filter) => {
    const documents: readonly Document[] = Array.from({ length: SMALL }, (_, number) => userDocument(number));
    for (const path of ['userName', 'name.familyName', 'emails.value']) {
      const query: Query = { ...users, filter, sort: { path, direction: 'descending' }, total: true };
      const expected = naiveIds(userCollection, documents, query);
      for (const offset of [0, 400, 900]) {
        const page = await small.store.query({ ...query, offset });
        expect(page.documents.map(({ id }) => id)).toEqual(expected.slice(offset, offset + 50));
        expect(page.total).toBe(expected.length);
        if (page.next === null) continue;
        const following = await small.store.query({ ...query, after: page.next });
        expect(following.documents.map(({ id }) => id)).toEqual(expected.slice(offset + 50, offset + 100));
      }
    }
  });
});

function eq(path: string, value: string | boolean): Filter {
  return { op: 'eq', path, value };
}
