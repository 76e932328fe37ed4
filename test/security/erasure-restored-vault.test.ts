/** A backup of the vault from before an erasure is put back: the person stays erased all the same. */
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { ask, mustAsk, newUser } from '../support/server-client.ts';

const WAIT = { timeout: 10_000, interval: 50 };
const VAULT = /^vault\.sqlite/;

let server: TestServer;
let backup: string;

beforeEach(async () => {
  server = await startTestServer();
  backup = await mkdtemp(join(tmpdir(), 'muniment-backup-'));
});

afterEach(async () => {
  await server.stop();
  await rm(backup, { recursive: true, force: true });
});

async function copyVault(from: string, to: string): Promise<void> {
  const files = (await readdir(from)).filter((name) => VAULT.test(name));
  for (const name of files) await cp(join(from, name), join(to, name));
}

async function removeVault(directory: string): Promise<void> {
  const files = (await readdir(directory)).filter((name) => VAULT.test(name));
  for (const name of files) await rm(join(directory, name));
}

async function restart(between: (directory: string) => Promise<void> = async () => undefined): Promise<void> {
  const { directory } = server;
  await server.stop('keep');
  await between(directory);
  server = await startTestServer({ directory });
}

const personNamed = async (displayName: string): Promise<string> =>
  await newUser(server, { userName: displayName, displayName });

const erase = async (userId: string): Promise<unknown> =>
  await mustAsk(server, { method: 'POST', path: '/api/commands/EraseUser', body: { userId } });

const history = async (id: string): Promise<string> =>
  (await mustAsk(server, { path: `/api/history/users/${id}` })).text;

const isVerified = async (id: string): Promise<boolean> =>
  (await history(id)).includes('identity.user.erasure_verified.v1');

describe('a vault from before an erasure', () => {
  it('[SEC-L6] does not bring the person back, and does not harm those who live', async () => {
    const early = await personNamed('earlyperson');
    const late = await personNamed('lateperson');
    const living = await personNamed('livingperson');
    await erase(early);
    await expect.poll(() => isVerified(early), WAIT).toBe(true);
    await restart((directory) => copyVault(directory, backup));
    await erase(late);
    await expect.poll(() => isVerified(late), WAIT).toBe(true);
    expect(await history(late)).not.toContain('lateperson');

    await restart(async (directory) => {
      await removeVault(directory);
      await copyVault(backup, directory);
    });
    await expect.poll(() => history(late), WAIT).not.toContain('lateperson');
    expect(await history(early)).not.toContain('earlyperson');
    expect(await history(living)).toContain('livingperson');
    const { authorization } = server.admin;
    expect((await ask(server, { path: `/scim2/Users/${late}`, authorization })).status).toBe(404);
    await server.projector.rebuild('users');
    expect((await ask(server, { path: `/scim2/Users/${late}`, authorization })).status).toBe(404);
  });
});
