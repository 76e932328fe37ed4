import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openInstant } from '../../../infra/backup/instant.ts';
import { makeBackup } from '../../../infra/backup/make-backup.ts';
import type { ManifestBody } from '../../../infra/backup/manifest.ts';
import { newSealing, SealBroken, sealingBy } from '../../../infra/backup/sealing.ts';
import { openEmbeddedEventStore } from '../../../infra/event-store/embedded/embedded-event-store.ts';
import type { EmbeddedEventStore } from '../../../infra/event-store/embedded/sqlite-event-store.ts';
import { openSideStores } from '../../../infra/side-stores/open-side-stores.ts';
import { openDatabase } from '../../../infra/sqlite/database.ts';
import type { TransientStore } from '../../../infra/transient-store/transient-store.ts';
import { openEmbeddedVault } from '../../../infra/vault/embedded/embedded-vault.ts';
import type { SecretRef, Vault } from '../../../infra/vault/vault.ts';
import { collect, newEvent } from '../../support/event-store.ts';

const ORG = randomUUID();
const WRITERS = 6;
const BACKUPS = 12;
const deploymentKey = randomBytes(32);

let folder: string;
let store: EmbeddedEventStore;
let vault: Vault;
let transient: TransientStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muniment-instant-'));
  store = await openEmbeddedEventStore({ directory: folder, mode: 'writer', freeBytesMin: 0 });
  ({ vault, transient } = await openSideStores({ directory: folder, deploymentKey, clock: Date.now }));
});
afterEach(async () => {
  await Promise.all([store.close(), vault.close(), transient.close()]);
  await rm(folder, { recursive: true, force: true });
});

const secretOf = (owner: string, id: string): SecretRef => ({ kind: 'password', owner, id });
const sessionOf = (writer: number) => ({ type: 'session', tenant: ORG, id: `w${writer}` }) as const;

/** As a change of password does it: the new secret, the event that names it, then the former secret goes. */
async function changePasswords(writer: number, owner: string, isOver: () => boolean): Promise<number> {
  await vault.createDataKey(owner, ORG);
  let former: string | null = null;
  let revision = -1n;
  while (!isOver()) {
    const secret = randomUUID();
    await vault.putSecret(secretOf(owner, secret), ORG, Buffer.from('verifier'));
    const event = newEvent({ data: { owner, secret, former } });
    await store.append(`user-${owner}`, revision < 0n ? 'no-stream' : revision, [event]);
    revision += 1n;
    if (former !== null) await vault.removeSecret(secretOf(owner, former));
    await transient.commit([
      { op: 'put', key: sessionOf(writer), value: { secret }, expiresAtMs: Date.now() + 60_000, expect: 'any' },
    ]);
    former = secret;
  }
  return Number(revision) + 1;
}

const backUp = (name: string): Promise<ManifestBody> =>
  makeBackup({
    directory: folder,
    target: join(folder, name),
    version: 'test',
    keyFile: null,
    sealing: null,
    progress: () => undefined,
  });

interface Found {
  readonly missing: readonly string[];
  readonly ahead: readonly string[];
  readonly events: number;
}

async function look(name: string, owners: readonly string[]): Promise<Found> {
  const directory = join(folder, name);
  const log = await openEmbeddedEventStore({ directory, mode: 'reader' });
  const keys = await openEmbeddedVault({ directory, deploymentKey, mode: 'reader' });
  const sessions = openDatabase({ file: join(directory, 'transient.sqlite'), readOnly: true });
  const missing: string[] = [];
  const ahead: string[] = [];
  let events = 0;
  for (const [writer, owner] of owners.entries()) {
    const known = await collect(log.readStream(`user-${owner}`));
    events += known.length;
    const last = known.at(-1);
    if (last === undefined) continue;
    if (!(await keys.dataKeys([owner])).has(owner)) missing.push(`key of ${owner}`);
    if ((await keys.secret(secretOf(owner, String(last.data['secret'])))) === null) missing.push(`secret of ${owner}`);
    const row = sessions.statement("SELECT value FROM entries WHERE type = 'session' AND id = ?").get(`w${writer}`);
    const session = row === undefined ? null : JSON.parse(String(row.value)).secret;
    if (session !== null && !known.some(({ data }) => data['secret'] === session)) ahead.push(owner);
  }
  sessions.close();
  await keys.close();
  await log.close();
  return { missing, ahead, events };
}

describe('a backup of stores that are written to', () => {
  it('holds every key and secret that its log speaks of, and no session that its log does not know', {
    timeout: 60_000,
  }, async () => {
    const owners = Array.from({ length: WRITERS }, () => randomUUID());
    let over = false;
    const writing = owners.map((owner, writer) => changePasswords(writer, owner, () => over));
    const before: number[] = [];
    const manifests: ManifestBody[] = [];
    for (let number = 0; number < BACKUPS; number += 1) {
      before.push((await collect(store.readAll({ after: 'start' }))).length);
      manifests.push(await backUp(`backup-${number}`));
    }
    over = true;
    const written = (await Promise.all(writing)).reduce((sum, count) => sum + count, 0);
    expect(written).toBeGreaterThan(BACKUPS * WRITERS);
    for (let number = 0; number < BACKUPS; number += 1) {
      const { missing, ahead, events } = await look(`backup-${number}`, owners);
      expect({ missing, ahead }).toEqual({ missing: [], ahead: [] });
      expect(events).toBeGreaterThanOrEqual(before[number] ?? 0);
      expect(events).toBe(manifests[number]?.log.events);
    }
  });

  it.each([
    ['vault.sqlite', "INSERT INTO vault_state (name, value) VALUES (?, 'changed')"],
    ['transient.sqlite', 'INSERT INTO transient_state (name, value) VALUES (?, 1)'],
  ])('is taken again when %s was written to between the looks', async (file, insert) => {
    const writing = openDatabase({ file: join(folder, file) });
    let looks = 0;
    const instant = await openInstant(folder, () => {
      looks += 1;
      if (looks < 3) writing.statement(insert).run(`look-${looks}`);
    });
    writing.close();
    expect(looks).toBe(3);
    instant?.close();
  });

  it('leaves no key of an erased person in any of its files', async () => {
    const owner = randomUUID();
    await vault.createDataKey(owner, ORG);
    const database = openDatabase({ file: join(folder, 'vault.sqlite'), readOnly: true });
    const wrapped = database.statement('SELECT wrapped FROM data_keys WHERE subject = ?').get(owner)?.wrapped;
    database.close();
    await vault.destroySubject(owner);
    await backUp('backup');
    const bytes = await readFile(join(folder, 'backup', 'vault.sqlite'));
    expect(bytes.includes(Buffer.from(wrapped as Uint8Array))).toBe(false);
    expect(bytes.includes(owner)).toBe(true);
  });
});

describe('the seal of a backup', () => {
  async function* chunks(...parts: readonly Buffer[]): AsyncGenerator<Buffer> {
    for (const part of parts) yield part;
  }
  const joined = async (bytes: AsyncIterable<Buffer>): Promise<Buffer> => Buffer.concat(await collect(bytes));

  it('gives back what was sealed, whatever its length', async () => {
    const sealing = await newSealing('correct horse');
    const again = await sealingBy('correct horse', sealing.seal);
    if (again === null) throw new Error('the passphrase was not accepted');
    for (const length of [0, 1, 1_048_575, 1_048_576, 1_048_577, 3 * 1_048_576]) {
      const plain = randomBytes(length);
      const sealed = await joined(sealing.sealed('a', chunks(plain.subarray(0, 7), plain.subarray(7))));
      expect((await joined(again.opened('a', chunks(sealed)))).equals(plain), `${length} bytes`).toBe(true);
    }
    expect(await sealingBy('wrong horse', sealing.seal)).toBeNull();
  });

  it('does not open pieces that were cut off, swapped, changed or put under another name', async () => {
    const sealing = await newSealing('correct horse');
    const piece = 1_048_576 + 16;
    const sealed = await joined(sealing.sealed('a', chunks(randomBytes(3 * 1_048_576))));
    const changed = Buffer.from(sealed);
    changed[5] = (changed[5] ?? 0) ^ 1;
    const swapped = Buffer.concat([
      sealed.subarray(piece, 2 * piece),
      sealed.subarray(0, piece),
      sealed.subarray(2 * piece),
    ]);
    for (const broken of [sealed.subarray(0, 2 * piece), sealed.subarray(0, -1), swapped, changed, Buffer.alloc(0)])
      await expect(joined(sealing.opened('a', chunks(broken)))).rejects.toThrow(SealBroken);
    await expect(joined(sealing.opened('b', chunks(sealed)))).rejects.toThrow(SealBroken);
  });
});
