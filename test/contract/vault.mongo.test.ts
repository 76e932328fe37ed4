import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMongoVault } from '../../infra/vault/mongo/mongo-vault.ts';
import { hasMongo, type MongoGround, mongoGround, requireMongo } from '../support/mongo.ts';
import { vaultContract } from './vault.contract.ts';

requireMongo();

describe.runIf(hasMongo)('on MongoDB', () => {
  vaultContract('MongoDB', async () => {
    const { place, client, remove } = await mongoGround();
    const options = { ...place, client, deploymentKey: randomBytes(32) };
    return {
      open: () => openMongoVault(options),
      openReader: () => openMongoVault({ ...options, mode: 'reader' }),
      remove,
    };
  });

  describe('a vault in MongoDB that several nodes share', () => {
    const deploymentKey = randomBytes(32);
    const org = randomUUID();
    let ground: MongoGround;
    beforeEach(async () => {
      ground = await mongoGround();
    });
    afterEach(() => ground.remove());
    const open = (key = deploymentKey) =>
      openMongoVault({ ...ground.place, client: ground.client, deploymentKey: key });

    it('makes one key of a subject, an organization and an index, whichever node asks first', async () => {
      const nodes = await Promise.all(Array.from({ length: 4 }, () => open()));
      const subject = randomUUID();
      const keys = await Promise.all(nodes.map((node) => node.createDataKey(subject, org)));
      const indexes = await Promise.all(nodes.map((node) => node.blindIndex(org, 'username|alice')));
      expect(new Set(keys.map(({ key }) => key.toString('hex'))).size).toBe(1);
      expect(new Set(indexes.map((index) => index.toString('hex'))).size).toBe(1);
    });

    it('[SEC-L5] lets no node use a key that another has destroyed', async () => {
      const [one, other] = [await open(), await open()];
      const subject = randomUUID();
      const { key } = await one.createDataKey(subject, org);
      expect((await one.dataKeys([subject])).get(subject)).toMatchObject({ id: subject });
      await other.destroySubject(subject);
      expect((await one.dataKeys([subject])).get(subject)).toBe('destroyed');
      expect(key).toHaveLength(32);
    });

    it('[SEC-L5] holds nothing of an erased subject, its secrets included, in one write', async () => {
      const vault = await open();
      const subject = randomUUID();
      await vault.createDataKey(subject, org);
      await vault.putSecret({ kind: 'password', owner: subject, id: 'p' }, org, Buffer.from('verifier'));
      await vault.destroySubject(subject);
      const owners = ground.client.db(ground.place.database).collection('vault_owners');
      expect(await owners.find().toArray()).toEqual([{ _id: subject, destroyed: true }]);
    });

    it('takes no secret of a subject that is erased at the same time', async () => {
      const [one, other] = [await open(), await open()];
      for (let round = 0; round < 20; round += 1) {
        const ref = { kind: 'password', owner: randomUUID(), id: 'p' } as const;
        await one.createDataKey(ref.owner, org);
        await Promise.allSettled([one.putSecret(ref, org, Buffer.from('late')), other.destroySubject(ref.owner)]);
        expect(await one.secret(ref)).toBeNull();
      }
    });

    it('keeps every secret of an owner that nodes give it at the same time', async () => {
      const nodes = await Promise.all(Array.from({ length: 4 }, () => open()));
      const owner = randomUUID();
      const refs = nodes.map((_, at) => ({ kind: 'client-secret', owner, id: `${at}` }) as const);
      await Promise.all(nodes.map((node, at) => node.putSecret(refs[at] as never, org, Buffer.from(`${at}`))));
      const [vault] = nodes;
      expect(await Promise.all(refs.map((ref) => vault?.secret(ref)))).toEqual(
        refs.map((_, at) => Buffer.from(`${at}`)),
      );
    });

    it('does not open with another deployment key', async () => {
      await (await open()).createDataKey(randomUUID(), org);
      await expect(open(randomBytes(32))).rejects.toThrow('another deployment key');
    });

    it('opens no key that was moved to the place of another', async () => {
      const vault = await open();
      const [alice, bob] = [randomUUID(), randomUUID()];
      await vault.createDataKey(alice, org);
      await vault.createDataKey(bob, org);
      const owners = ground.client
        .db(ground.place.database)
        .collection<{ _id: string; wrapped: Buffer }>('vault_owners');
      const wrapped = (await owners.findOne({ _id: alice }))?.wrapped;
      if (wrapped !== undefined) await owners.updateOne({ _id: bob }, { $set: { wrapped } });
      await expect((await open()).dataKeys([bob])).rejects.toThrow('tampered');
    });
  });
});
