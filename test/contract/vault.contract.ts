import { createHmac, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SecretExists, SubjectDestroyed } from '../../infra/vault/errors.ts';
import type { SecretRef, Vault } from '../../infra/vault/vault.ts';

/** One place that vaults are opened on, again and again. */
export interface VaultPlace {
  open(): Promise<Vault>;
  /** Sees what the writer does, from another thread or process. */
  openReader(): Promise<Vault>;
  remove(): Promise<void>;
}

export const vaultContract = (name: string, make: () => Promise<VaultPlace>) =>
  describe(`vault contract: ${name}`, () => {
    const org = randomUUID();
    const otherOrg = randomUUID();
    let place: VaultPlace;
    let vault: Vault;

    beforeEach(async () => {
      place = await make();
      vault = await place.open();
    });
    afterEach(async () => {
      await vault.close();
      await place.remove();
    });

    const passwordOf = (owner: string): SecretRef => ({ kind: 'password', owner, id: randomUUID() });
    async function reopen() {
      await vault.close();
      vault = await place.open();
    }

    describe('data keys', () => {
      it('are 256 bits, named by their subject, each another', async () => {
        const [one, two] = [randomUUID(), randomUUID()];
        const [first, second] = [await vault.createDataKey(one, org), await vault.createDataKey(two, org)];
        expect([first.id, second.id]).toEqual([one, two]);
        expect(first.key).toHaveLength(32);
        expect(first.key.equals(second.key)).toBe(false);
      });

      it('are made once: asked again, the same key answers', async () => {
        const subject = randomUUID();
        const keys = await Promise.all(Array.from({ length: 20 }, () => vault.createDataKey(subject, org)));
        expect(new Set(keys.map(({ key }) => key.toString('hex'))).size).toBe(1);
      });

      it('survive a restart', async () => {
        const subject = randomUUID();
        const { key } = await vault.createDataKey(subject, org);
        await reopen();
        expect((await vault.dataKeys([subject])).get(subject)).toEqual({ id: subject, key });
      });

      it('come many at a time; a subject that never had one is absent', async () => {
        const subjects = Array.from({ length: 50 }, () => randomUUID());
        await Promise.all(subjects.map((subject) => vault.createDataKey(subject, org)));
        const found = await vault.dataKeys([...subjects, randomUUID()]);
        expect([...found.keys()].sort()).toEqual([...subjects].sort());
      });
    });

    describe('erasure', () => {
      it('[SEC-L5] makes the key unavailable at once and after a restart', async () => {
        const subject = randomUUID();
        await vault.createDataKey(subject, org);
        await vault.destroySubject(subject);
        expect((await vault.dataKeys([subject])).get(subject)).toBe('destroyed');
        await reopen();
        expect((await vault.dataKeys([subject])).get(subject)).toBe('destroyed');
      });

      it('[SEC-L5] reaches a reader that knows the key already', async () => {
        const subject = randomUUID();
        const { key } = await vault.createDataKey(subject, org);
        const reader = await place.openReader();
        try {
          expect((await reader.dataKeys([subject])).get(subject)).toEqual({ id: subject, key });
          await vault.destroySubject(subject);
          expect((await reader.dataKeys([subject])).get(subject)).toBe('destroyed');
        } finally {
          await reader.close();
        }
      });

      it('[SEC-L6] is done twice as well as once', async () => {
        const subject = randomUUID();
        await vault.createDataKey(subject, org);
        await Promise.all([vault.destroySubject(subject), vault.destroySubject(subject)]);
        await vault.destroySubject(subject);
        expect((await vault.dataKeys([subject])).get(subject)).toBe('destroyed');
      });

      it('[SEC-L6] of a subject that has no key here keeps one from being made: an old backup may lack it', async () => {
        const subject = randomUUID();
        await vault.destroySubject(subject);
        await expect(vault.createDataKey(subject, org)).rejects.toThrow(SubjectDestroyed);
      });

      it('never gives a destroyed subject a key again', async () => {
        const subject = randomUUID();
        await vault.createDataKey(subject, org);
        await vault.destroySubject(subject);
        await expect(vault.createDataKey(subject, org)).rejects.toThrow(SubjectDestroyed);
        await reopen();
        await expect(vault.createDataKey(subject, org)).rejects.toThrow(SubjectDestroyed);
      });

      it('ends as destroyed when a key is made at the same time', async () => {
        for (let round = 0; round < 20; round += 1) {
          const subject = randomUUID();
          await Promise.allSettled([vault.createDataKey(subject, org), vault.destroySubject(subject)]);
          expect((await vault.dataKeys([subject])).get(subject)).toBe('destroyed');
        }
      });

      it('takes the secrets of the subject with it, and those of nobody else', async () => {
        const [subject, other] = [randomUUID(), randomUUID()];
        const [gone, stays] = [passwordOf(subject), passwordOf(other)];
        await vault.createDataKey(subject, org);
        await vault.putSecret(gone, org, Buffer.from('verifier'));
        await vault.putSecret(stays, org, Buffer.from('verifier'));
        await vault.destroySubject(subject);
        expect(await vault.secret(gone)).toBeNull();
        expect(await vault.secret(stays)).toEqual(Buffer.from('verifier'));
      });

      it('accepts no secret for an erased subject', async () => {
        const subject = randomUUID();
        await vault.createDataKey(subject, org);
        await vault.destroySubject(subject);
        await expect(vault.putSecret(passwordOf(subject), org, Buffer.from('late'))).rejects.toThrow(SubjectDestroyed);
      });
    });

    describe('secrets', () => {
      it('come back as they were put, also after a restart', async () => {
        const ref = passwordOf(randomUUID());
        const secret = Buffer.from([0, 255, 10, 0, 39]);
        await vault.putSecret(ref, org, secret);
        expect(await vault.secret(ref)).toEqual(secret);
        await reopen();
        expect(await vault.secret(ref)).toEqual(secret);
      });

      it('are never overwritten', async () => {
        const ref = passwordOf(randomUUID());
        await vault.putSecret(ref, org, Buffer.from('first'));
        await expect(vault.putSecret(ref, org, Buffer.from('second'))).rejects.toThrow(SecretExists);
        expect(await vault.secret(ref)).toEqual(Buffer.from('first'));
      });

      it('of one kind are never read as another', async () => {
        const ref = passwordOf(randomUUID());
        await vault.putSecret(ref, org, Buffer.from('verifier'));
        expect(await vault.secret({ ...ref, kind: 'client-secret' })).toBeNull();
        expect(await vault.secret({ ...ref, owner: randomUUID() })).toBeNull();
      });

      it('are gone once removed; removing twice is no error', async () => {
        const ref = passwordOf(randomUUID());
        await vault.putSecret(ref, org, Buffer.from('verifier'));
        await vault.removeSecret(ref);
        await vault.removeSecret(ref);
        expect(await vault.secret(ref)).toBeNull();
      });
    });

    describe('blind indexes', () => {
      it('are the same for the same value, also after a restart', async () => {
        const index = await vault.blindIndex(org, 'username|alice');
        expect(index).toHaveLength(32);
        await reopen();
        expect(await vault.blindIndex(org, 'username|alice')).toEqual(index);
      });

      it('differ between organizations, and between an organization and the whole deployment', async () => {
        const scopes = [org, otherOrg, 'global'];
        const indexes = await Promise.all(scopes.map((scope) => vault.blindIndex(scope, 'username|alice')));
        expect(new Set(indexes.map((index) => index.toString('hex'))).size).toBe(3);
      });

      it('agree when the first use of a scope comes from many at once', async () => {
        const indexes = await Promise.all(Array.from({ length: 20 }, () => vault.blindIndex(otherOrg, 'x')));
        expect(new Set(indexes.map((index) => index.toString('hex'))).size).toBe(1);
      });

      it('are keyed: the value alone does not tell the index', async () => {
        const unkeyed = createHmac('sha256', '').update('username|alice').digest();
        expect((await vault.blindIndex(org, 'username|alice')).equals(unkeyed)).toBe(false);
      });
    });

    it('reports health', async () => {
      await vault.createDataKey(randomUUID(), org);
      expect(await vault.health()).toEqual({ ok: true, detail: 'keys of 1 organizations' });
    });

    it('opened as reader writes nothing', async () => {
      const reader = await place.openReader();
      try {
        await expect(reader.createDataKey(randomUUID(), org)).rejects.toThrow('reader');
        await expect(reader.destroySubject(randomUUID())).rejects.toThrow('reader');
      } finally {
        await reader.close();
      }
    });
  });
