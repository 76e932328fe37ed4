/** Unique attributes below the doors: both ways of appending, and the job that claims the values of users from before. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dictionaryOf } from '../../commands/attributes/attribute-command.ts';
import { setClaimUniqueness } from '../../commands/attributes/claim-commands.ts';
import { claimExistingValues } from '../../commands/attributes/claim-existing-values.ts';
import type { Kernel } from '../../commands/kernel.ts';
import { execute } from '../../commands/pipeline.ts';
import { changeUser } from '../../commands/users/change-user.ts';
import { createUser } from '../../commands/users/create-user.ts';
import { deleteUser } from '../../commands/users/delete-user.ts';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import type { EventStore } from '../../infra/event-store/event-store.ts';
import { addCustomAttributes, CUSTOM_SCHEMA, claimUri } from '../support/custom-attributes.ts';
import { eventually, withoutAtomicAppend } from '../support/event-store.ts';
import { asking, openSetUpKernel, type TestKernel } from '../support/kernel.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const PATH = `${CUSTOM_SCHEMA}:badge`;
const uri = claimUri('badge');

const create = (kernel: Kernel, userName: string, badge: string) =>
  execute(kernel, createUser, { userName, attributes: { [PATH]: badge } }, asking());

const announce = (kernel: Kernel, scope = 'WITHIN_USERSTORE') =>
  execute(kernel, setClaimUniqueness, { organizationId: SUPER_ORG_ID, uri, scope }, asking());

const phaseOf = async (kernel: Kernel): Promise<string | null> =>
  (await dictionaryOf(kernel, SUPER_ORG_ID)).claims.get(uri)?.uniqueness?.phase ?? null;

const paths: [string, ((store: EventStore) => EventStore) | undefined][] = [
  ['with atomic appends', undefined],
  ['step by step', withoutAtomicAppend],
];

describe.each(paths)('a unique attribute, %s', (_, wrap) => {
  let test: TestKernel;
  afterEach(() => test.close());

  const open = async (): Promise<Kernel> => {
    test = await openSetUpKernel(wrap === undefined ? {} : { wrap });
    await addCustomAttributes(test.kernel, { badge: {} });
    expect(await announce(test.kernel)).toMatchObject({ ok: true });
    return test.kernel;
  };

  it('[E30] lets exactly one of 50 parallel creations with one value through, in any normal form', async () => {
    const kernel = await open();
    const forms = ['Ñandú', 'Ñandú'.normalize('NFD'), 'ÑANDÚ', 'ñandú', 'Ｎ\u0303andú'];
    const made = await Promise.all(
      Array.from({ length: 50 }, (_, index) => create(kernel, `user-${index}`, forms[index % 5] ?? '')),
    );
    const taken = made.filter((result) => !result.ok && result.refusal.reason === 'value-taken');
    expect([made.filter(({ ok }) => ok).length, taken.length]).toEqual([1, 49]);
  });

  it('gives values back on change and deletion, and keeps one’s own', async () => {
    const kernel = await open();
    const first = await create(kernel, 'one', 'a');
    const id = first.ok ? first.value.id : '';
    const set = (badge: string) => execute(kernel, changeUser, { userId: id, set: { [PATH]: badge } }, asking());
    expect(await set('A')).toMatchObject({ ok: true });
    expect(await set('b')).toMatchObject({ ok: true });
    expect(await create(kernel, 'two', 'a')).toMatchObject({ ok: true });
    expect(await set('a')).toMatchObject({ ok: false, refusal: { reason: 'value-taken', attribute: 'badge' } });
    expect(await create(kernel, 'three', 'B')).toMatchObject({ ok: false });
    expect(await execute(kernel, deleteUser, { userId: id }, asking())).toMatchObject({ ok: true });
    expect(await create(kernel, 'three', 'B')).toMatchObject({ ok: true });
  });

  it('is rehearsed without a trace', async () => {
    const kernel = await open();
    const dry = (userName: string, badge: string) =>
      execute(kernel, createUser, { userName, attributes: { [PATH]: badge } }, asking({ dryRun: true }));
    expect(await dry('one', 'a')).toMatchObject({ ok: true });
    expect(await create(kernel, 'two', 'a')).toMatchObject({ ok: true });
    expect(await dry('one', 'A')).toMatchObject({ ok: false, refusal: { reason: 'value-taken', attribute: 'badge' } });
  });
});

describe('the job that claims the values of users from before', () => {
  let server: TestServer;
  let kernel: Kernel;
  const USERS = 70;

  beforeAll(async () => {
    server = await startTestServer();
    ({ kernel } = server);
    await addCustomAttributes(kernel, { badge: {} });
    for (let index = 0; index < USERS; index += 1) await create(kernel, `user-${index}`, `badge ${index}`);
  });
  afterAll(async () => await server.stop());

  const run = (untilMs: number) =>
    claimExistingValues(kernel, server.reads, {
      tenant: SUPER_ORG_ID,
      org: SUPER_ORG_ID,
      uri,
      correlationId: 'job',
      untilMs,
    });

  async function claimedEvents(): Promise<number> {
    let count = 0;
    const filter = { typePrefixes: ['identity.user.unique_values_claimed.v1'] };
    for await (const _ of kernel.store.readAll({ after: 'start', filter })) count += 1;
    return count;
  }

  it('goes on where it stopped, and claims nothing twice', async () => {
    await announce(kernel);
    // The clock that the job looks at is past its end after the first batch.
    let looks = 0;
    const stopping = { ...kernel, clock: () => kernel.clock() + (looks++ < 3 ? 0 : 10_000) };
    const until = kernel.clock() + 5_000;
    const request = { tenant: SUPER_ORG_ID, org: SUPER_ORG_ID, uri, correlationId: 'job', untilMs: until };
    expect(await claimExistingValues(stopping, server.reads, request)).toEqual({ kind: 'unfinished' });
    const claimed = await claimedEvents();
    expect(claimed).toBeGreaterThan(0);
    expect(claimed).toBeLessThan(USERS);
    expect(await phaseOf(kernel)).toBe('announced');

    const [one, other] = await Promise.all([run(kernel.clock() + 30_000), run(kernel.clock() + 30_000)]);
    expect([one.kind, other.kind]).toEqual(['enabled', 'enabled']);
    expect([await claimedEvents(), await phaseOf(kernel)]).toEqual([USERS, 'enabled']);
    expect(await run(kernel.clock() + 30_000)).toEqual({ kind: 'enabled' });
  });

  it('is finished by the server itself when the request that began it is gone', async () => {
    await announce(kernel, 'NONE');
    await announce(kernel, 'ACROSS_USERSTORES');
    expect(await phaseOf(kernel)).toBe('announced');
    await eventually(async () => (await phaseOf(kernel)) === 'enabled');
  }, 20_000);

  it('lets nobody write a value in the meantime that a user has whose turn is over', async () => {
    await announce(kernel, 'NONE');
    await create(kernel, 'early', 'shared');
    await announce(kernel);
    expect(await create(kernel, 'late', 'shared')).toMatchObject({ ok: true });
    expect(await create(kernel, 'later', 'SHARED')).toMatchObject({ ok: false });
    const claiming = await run(kernel.clock() + 30_000);
    expect(claiming).toMatchObject({ kind: 'collisions', users: [expect.any(String)] });
    expect(await phaseOf(kernel)).toBeNull();
  });
});
