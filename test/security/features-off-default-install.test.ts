import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../cli/server.ts';
import { readConfiguration } from '../../infra/config/config.ts';
import { noTelemetry } from '../../infra/telemetry/no-telemetry.ts';
import { basic } from '../support/server.ts';
import { ask } from '../support/server-client.ts';

const GUESSES: readonly (readonly [name: string, password: string])[] = [
  ['admin', 'admin'],
  ['admin', 'password'],
  ['admin', ''],
  ['admin', 'muniment'],
  ['administrator', 'administrator'],
  ['root', 'root'],
  ['system', 'system'],
  ['test', 'test'],
  ['wso2', 'wso2'],
];
/** Client ids that other products bring along. */
const KNOWN_CLIENTS = [
  'MY_ACCOUNT',
  'CONSOLE',
  'admin-cli',
  'account',
  'security-admin-console',
  'demo',
  'playground2',
  'admin',
];

describe('an installation of which nothing was set', () => {
  const servers: (RunningServer & { readonly directory: string })[] = [];

  /** All as it is by default but the folder, a free port and cheap hashing. */
  async function install(): Promise<RunningServer & { readonly directory: string }> {
    const directory = await mkdtemp(join(tmpdir(), 'muniment-'));
    const cheap = { MUNIMENT_ARGON2_MEMORY_KIB: '7168', MUNIMENT_ARGON2_PASSES: '1' };
    const configuration = readConfiguration({ MUNIMENT_DATA: join(directory, 'data'), MUNIMENT_PORT: '0', ...cheap });
    const server = { ...(await startServer({ configuration, telemetry: noTelemetry, tls: null })), directory };
    servers.push(server);
    return server;
  }

  let server: RunningServer & { readonly directory: string };
  beforeAll(async () => {
    server = await install();
  });
  afterAll(async () => {
    for (const { close, directory } of servers) {
      await close();
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('[SEC-M2] has a password of its own, long and different from that of any other', async () => {
    const other = await install();
    expect(server.password).toMatch(/^\S{20,}$/);
    expect(other.password).not.toBe(server.password);
    const signedIn = await ask(server, { path: '/api/commands', authorization: basic('admin', server.password ?? '') });
    expect(signedIn.status).toBe(200);
    const foreign = await ask(server, { path: '/api/commands', authorization: basic('admin', other.password ?? '') });
    expect(foreign.status).toBe(401);
  });

  it.each(GUESSES)('[SEC-M2] does not let anybody in as %j with %j', async (name, password) => {
    const told = await ask(server, { path: '/api/commands', authorization: basic(name, password) });
    expect(told.status).toBe(401);
  });

  it.each(KNOWN_CLIENTS)('[SEC-M2] has no client %s that anybody could use', async (clientId) => {
    for (const secret of ['', clientId, 'secret', 'password']) {
      const told = await ask(server, {
        method: 'POST',
        path: '/oauth2/token',
        type: 'application/x-www-form-urlencoded',
        authorization: basic(clientId, secret),
        body: 'grant_type=client_credentials&scope=internal_user_mgt_list',
      });
      expect([told.status, told.json.error]).toEqual([401, 'invalid_client']);
    }
  });

  it('[SEC-M2] lets nobody register himself or a client', async () => {
    const bodies: readonly (readonly [path: string, body: object])[] = [
      ['/scim2/Users', { userName: 'self', password: 'Correct-horse-9' }],
      ['/scim2/Me', { userName: 'self', password: 'Correct-horse-9' }],
      ['/api/server/v1/applications', { name: 'Mine' }],
      ['/api/commands/CreateUser', { userName: 'self' }],
      ['/api/identity/user/v1.0/me', { user: { username: 'self' } }],
      ['/api/identity/oauth2/dcr/v1.1/register', { redirect_uris: ['https://a.example/cb'] }],
      ['/api/server/v1/tenants', { domain: 'mine.example', owners: [] }],
    ];
    for (const [path, body] of bodies) {
      const told = await ask(server, { method: 'POST', path, body });
      expect([401, 404], path).toContain(told.status);
    }
  });

  it('[SEC-M2] is reached from its own machine alone, and its folder is read by its account alone', async () => {
    expect(new URL(server.url).hostname).toMatch(/^(localhost|127\.0\.0\.1)$/);
    const { mode } = await stat(join(server.directory, 'data'));
    expect(mode & 0o077).toBe(0);
    const key = await stat(join(server.directory, 'data', 'keys', 'deployment.key'));
    expect(key.mode & 0o077).toBe(0);
  });
});
