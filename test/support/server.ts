/** The whole server in this process, on a free port and a folder of its own: what the wire tests speak to. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, startServer } from '../../cli/server.ts';
import { readConfiguration } from '../../infra/config/config.ts';
import { comparePositions, type Position } from '../../infra/event-store/position.ts';
import { noTelemetry } from '../../infra/telemetry/no-telemetry.ts';
import type { Telemetry } from '../../infra/telemetry/telemetry.ts';
import { loadTls } from '../../infra/tls/tls.ts';
import { projections } from '../../projections/catalogue.ts';

export interface TestServer extends Omit<RunningServer, 'close' | 'password'> {
  readonly admin: { readonly userName: string; readonly password: string; readonly authorization: string };
  readonly directory: string;
  /** The folder goes too unless `keep`. */
  stop(keep?: 'keep'): Promise<void>;
}

export interface TestServerOptions {
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly telemetry?: Telemetry;
}

const PASSWORD = 'a-password-for-tests';

export const basic = (userName: string, password: string): string =>
  `Basic ${Buffer.from(`${userName}:${password}`).toString('base64')}`;

/** Password hashing is cheap here; everything else is as it is in production. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'muniment-')));
  const configuration = readConfiguration({
    MUNIMENT_DATA: directory,
    MUNIMENT_PORT: '0',
    MUNIMENT_HOST: '127.0.0.1',
    MUNIMENT_ADMIN_PASSWORD: PASSWORD,
    MUNIMENT_ARGON2_MEMORY_KIB: '7168',
    MUNIMENT_ARGON2_PASSES: '1',
    MUNIMENT_DURABILITY: 'normal',
    MUNIMENT_METRICS: 'off',
    ...options.environment,
  });
  const telemetry = options.telemetry ?? noTelemetry;
  const server = await startServer({ configuration, telemetry, tls: await loadTls(configuration) });
  await untilLevel(server);
  const { close, password: _, ...parts } = server;
  return {
    ...parts,
    directory,
    admin: { userName: 'admin', password: PASSWORD, authorization: basic('admin', PASSWORD) },
    async stop(keep) {
      await close();
      if (keep !== 'keep') await rm(directory, { recursive: true, force: true });
    },
  };
}

const LEVEL_MS_MAX = 10_000;

/** The read models hold what the first start wrote: no test meets a server that is still building them. */
async function untilLevel({ kernel, reads }: RunningServer): Promise<void> {
  const head = await kernel.store.head();
  const deadline = performance.now() + LEVEL_MS_MAX;
  for (;;) {
    const statuses = await reads.status();
    const isLevel = (position: Position | null) =>
      head === null || (position !== null && comparePositions(position, head) >= 0);
    const level =
      statuses.length === projections.length &&
      statuses.every(({ position, state }) => state !== 'rebuilding' && isLevel(position));
    if (level || performance.now() > deadline) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
