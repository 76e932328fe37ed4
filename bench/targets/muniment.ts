/** Muniment from a clean data folder, seeded over its public APIs. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { askControlSocket, controlSocketPath } from '../../cli/control-socket.ts';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import { Connection } from '../load/connection.ts';
import { logIn, requestToken } from '../load/login.ts';
import { type ChildServer, freePort, startChildServer } from './child-server.ts';
import { SCIM_SCOPES, seedMuniment } from './muniment-seed.ts';
import type { Endpoints, RunningTarget, Seed, Target } from './target.ts';

const root = new URL('../..', import.meta.url).pathname;
const REBUILD_SECONDS_MAX = 600;
const POLL_MS = 20;

export const munimentEndpoints: Endpoints & { readonly authorize: string; readonly scim: string } = {
  token: '/oauth2/token',
  introspect: '/oauth2/introspect',
  discovery: '/oauth2/token/.well-known/openid-configuration',
  jwks: '/oauth2/jwks',
  userinfo: '/oauth2/userinfo',
  authorize: '/oauth2/authorize',
  scim: '/scim2/Users',
};

interface Place {
  readonly data: string;
  readonly port: number;
  readonly baseUrl: URL;
  readonly password: string;
}

export const target: Target = {
  name: 'muniment',
  async start() {
    const port = await freePort();
    const data = await mkdtemp(join(tmpdir(), 'muniment-bench-'));
    const password = `Bench-${randomBytes(12).toString('hex')}`;
    const place = { data, port, baseUrl: new URL(`http://localhost:${port}`), password };
    const server = await launch(place);
    const seeded = await seedMuniment({ baseUrl: place.baseUrl, password, endpoints: munimentEndpoints });
    const seed: Seed = { ...seeded, ...tokenMakers(place.baseUrl, seeded) };
    return running(place, server, seed);
  },
};

const launch = (place: Place): Promise<ChildServer> =>
  startChildServer({
    args: ['muniment.ts', 'start'],
    cwd: root,
    env: {
      MUNIMENT_DATA: place.data,
      MUNIMENT_PORT: String(place.port),
      MUNIMENT_URL: place.baseUrl.origin,
      MUNIMENT_ADMIN_PASSWORD: place.password,
      MUNIMENT_LOG_LEVEL: 'warn',
      NODE_ENV: 'production',
    },
    probe: new URL('/health/ready', place.baseUrl),
  });

function running(place: Place, server: ChildServer, seed: Seed): RunningTarget {
  return {
    pid: server.pid,
    baseUrl: place.baseUrl,
    data: place.data,
    endpoints: munimentEndpoints,
    seed,
    readyMs: server.readyMs,
    restart: async () => {
      await server.stop();
      return running(place, await launch(place), seed);
    },
    rebuild: () => rebuild(place.data),
    stop: async () => {
      await server.stop();
      await rm(place.data, { recursive: true, force: true });
    },
  };
}

type SeedWithoutMakers = Omit<Seed, 'introspectable' | 'refreshToken' | 'userToken'>;

function tokenMakers(
  baseUrl: URL,
  seed: SeedWithoutMakers,
): Pick<Seed, 'introspectable' | 'refreshToken' | 'userToken'> {
  const { es256: client, redirectUri, user } = seed;
  const withConnection = async <Value>(work: (connection: Connection) => Promise<Value>): Promise<Value> => {
    const connection = new Connection(baseUrl);
    try {
      return await work(connection);
    } finally {
      connection.close();
    }
  };
  const login = (scope: string) =>
    withConnection((connection) => {
      if (user === null) throw new Error('the seed has no user to log in');
      return logIn(connection, { endpoints: munimentEndpoints, client, redirectUri, user, scope });
    });
  return {
    introspectable: () =>
      withConnection(async (connection) => {
        const fields = { grant_type: 'client_credentials', scope: SCIM_SCOPES };
        const tokens = await requestToken(connection, { path: munimentEndpoints.token, client, fields });
        return tokens.access_token;
      }),
    refreshToken: async () => {
      const { refresh_token: token } = await login('openid');
      if (token === undefined) throw new Error('the login gave no refresh token');
      return token;
    },
    userToken: async () => (await login('openid profile')).access_token,
  };
}

async function rebuild(data: string): Promise<{ readonly events: number; readonly seconds: number }> {
  const path = controlSocketPath(data);
  const started = performance.now();
  const before = await askControlSocket(path, { op: 'projections.status' });
  for (const { name } of before.projections) await askControlSocket(path, { op: 'projections.rebuild', name });
  const deadline = started + REBUILD_SECONDS_MAX * 1000;
  for (;;) {
    const { projections } = await askControlSocket(path, { op: 'projections.status' });
    const seconds = (performance.now() - started) / 1000;
    if (projections.every(({ state }) => state === 'live')) return { events: await countEvents(data), seconds };
    if (performance.now() > deadline) throw new Error(`the rebuild took longer than ${REBUILD_SECONDS_MAX} s`);
    await pause(POLL_MS);
  }
}

async function countEvents(data: string): Promise<number> {
  const store = await openEmbeddedEventStore({ directory: data, mode: 'reader' });
  let events = 0;
  for await (const _ of store.readAll({ after: 'start' })) events += 1;
  await store.close();
  return events;
}
