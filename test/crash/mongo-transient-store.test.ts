import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMongoTransientStore } from '../../infra/transient-store/mongo/mongo-transient-store.ts';
import type { TransientStore } from '../../infra/transient-store/transient-store.ts';
import { hasMongo, type MongoGround, mongoGround, requireMongo } from '../support/mongo.ts';
import { accountOp, balanceOf, move } from '../support/transient-accounts.ts';

const COMMITTER = fileURLToPath(new URL('./mongo-commit-killed.ts', import.meta.url));
/** Commands of a commit of two keys: record, intents, decision, look-up, entries, record away. */
const STEPS = 6;
const DECIDED_AT_STEP = 3;

requireMongo();

describe.runIf(hasMongo)('a commit of several keys in MongoDB', () => {
  let ground: MongoGround;
  let store: TransientStore;
  beforeEach(async () => {
    ground = await mongoGround();
    store = await openMongoTransientStore({ ...ground.place, client: ground.client, clock: Date.now });
    await store.commit([accountOp('a', 100, 'absent'), accountOp('b', 100, 'absent')]);
  });
  afterEach(async () => {
    await store.close();
    await ground.remove();
  });

  const balances = () => Promise.all(['a', 'b'].map((id) => balanceOf(store, id)));
  async function killedAfter(step: number): Promise<void> {
    const { url, database } = ground.place;
    const child = spawn(process.execPath, [COMMITTER, url, database, String(step)], { stdio: 'inherit' });
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
  }
  const leftOvers = async () => {
    const db = ground.client.db(ground.place.database);
    const held = await db.collection('transient_entries').countDocuments({ intent: { $exists: true } });
    return held + (await db.collection('transient_commits').countDocuments());
  };

  for (let step = 1; step <= STEPS; step += 1) {
    it(`happens whole or not at all when its process is killed after step ${step}, and blocks nobody`, async () => {
      await killedAfter(step);
      const expected = step < DECIDED_AT_STEP ? [100, 100] : [90, 110];
      expect(await balances()).toEqual(expected);
      expect(
        (await store.byTag({ type: 'grant', tenant: 't', tag: 'app:bank', limit: 10 })).map(({ id }) => id),
      ).toEqual(['a', 'b']);
      await move(store, { from: 'b', to: 'a', amount: 1 });
      expect(await balances()).toEqual(expected.map((balance, at) => balance + (at === 0 ? 1 : -1)));
    });
  }

  it('leaves nothing for ever when its process dies: a sweep takes the rest away', async () => {
    for (const step of [2, 4]) {
      await killedAfter(step);
      const old = new Date(Date.now() - 3_600_000);
      const db = ground.client.db(ground.place.database);
      await db.collection('transient_commits').updateMany({}, { $set: { at: old } });
      await db
        .collection('transient_entries')
        .updateMany({ intent: { $exists: true } }, { $set: { 'intent.at': old } });
      expect(await leftOvers()).toBeGreaterThan(0);
      await store.sweep();
      expect(await leftOvers()).toBe(0);
    }
    expect(await balances()).toEqual([90, 110]);
  });

  it('loses and makes nothing when three nodes move amounts between the same keys at once', async () => {
    await store.commit([accountOp('c', 100, 'absent'), accountOp('d', 100, 'absent')]);
    const ids = ['a', 'b', 'c', 'd'];
    const nodes = await Promise.all(
      Array.from({ length: 3 }, () => openMongoTransientStore({ ...ground.place, clock: Date.now })),
    );
    try {
      await Promise.all(
        nodes.map(async (node, lane) => {
          for (let round = 0; round < 12; round += 1) {
            const from = ids[(lane + round) % ids.length] as string;
            const to = ids[(lane * 3 + round * 2 + 1) % ids.length] as string;
            if (from !== to) await move(node, { from, to, amount: 1 });
          }
        }),
      );
      const totals = await Promise.all(ids.map((id) => balanceOf(store, id)));
      expect(totals.reduce((sum, balance) => sum + balance, 0)).toBe(400);
      expect(await leftOvers()).toBe(0);
    } finally {
      await Promise.all(nodes.map((node) => node.close()));
    }
  });

  it('is refused to a maker that stood still so long that another node took it for dead', async () => {
    const { url, database } = ground.place;
    const child = spawn(process.execPath, [COMMITTER, url, database, '2', 'SIGSTOP'], { stdio: 'inherit' });
    const exited = once(child, 'exit');
    const entries = ground.client.db(database).collection('transient_entries');
    await expect.poll(() => entries.countDocuments({ intent: { $exists: true } }), { timeout: 10_000 }).toBe(2);
    await move(store, { from: 'b', to: 'a', amount: 1 });
    expect(await balances()).toEqual([101, 99]);
    child.kill('SIGCONT');
    const [code] = await exited;
    expect(code).toBe(0);
    expect(await balances()).toEqual([101, 99]);
    expect(await leftOvers()).toBe(0);
  });

  it('begins anew when somebody ended its record, and happens once', async () => {
    const db = ground.client.db(ground.place.database);
    for (let round = 0; round < 10; round += 1) {
      const moving = move(store, { from: 'a', to: 'b', amount: 1 });
      for (let look = 0; look < 5; look += 1) {
        await db.collection('transient_commits').updateMany({ state: 'pending' }, { $set: { state: 'aborted' } });
      }
      await moving;
    }
    expect(await balances()).toEqual([90, 110]);
    expect(await leftOvers()).toBe(0);
  });
});
