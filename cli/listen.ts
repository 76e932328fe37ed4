/** The doors on their address. A module of its own: it loads while the writer threads open their files. */
import type { AddressInfo } from 'node:net';
import type { Kernel } from '../commands/kernel.ts';
import type { Configuration } from '../infra/config/config.ts';
import type { ReadStore } from '../infra/read-store/read-store.ts';
import type { Telemetry } from '../infra/telemetry/telemetry.ts';
import { partAway } from '../protocol/http/failure.ts';
import { createPositionMemory } from '../protocol/http/position-memory.ts';
import type { Route } from '../protocol/http/route.ts';
import { buildServer } from '../protocol/http/server.ts';
import { createSharedPositionMemory } from '../protocol/http/shared-position-memory.ts';
import { openDoors } from './doors.ts';
import { isShared } from './store-parts.ts';

export interface ListenerParts {
  readonly configuration: Configuration;
  readonly telemetry: Telemetry;
  /** PEM; null for plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
}

export interface Served {
  readonly kernel: Kernel;
  readonly reads: ReadStore;
  /** A background part that ended although it should run; null while all run. */
  readonly stopped: () => string | null;
  /** A server that holds a part of the state cannot be reached now. */
  readonly isAway: (error: unknown) => boolean;
  /** How the parts are that follow the log. */
  readonly followers: () => ReadonlyMap<string, { readonly ok: boolean; readonly detail: string }>;
}

export interface Listener {
  readonly routes: readonly Route[];
  /** Resolves to the public origin. */
  listen(): Promise<string>;
  /** Lets requests in progress end. */
  close(): Promise<void>;
}

/** Every route is mounted; nothing is heard before `listen`. */
export function prepareListener(
  { configuration, telemetry, tls }: ListenerParts,
  { kernel, reads, stopped, followers, isAway }: Served,
): Listener {
  const { host, port, superTenant, trustedProxies, roles, stores } = configuration;
  const address = { url: configuration.url };
  const { routes, tenants, authenticator } = openDoors({
    kernel,
    reads,
    address,
    superTenant,
    stopped,
    healthOnly: !roles.has('http'),
    followers,
    showLoginFailureReason: configuration.showLoginFailureReason,
  });
  const secure = configuration.url.startsWith('https:');
  const server = buildServer({
    routes,
    tenants,
    authenticator,
    telemetry,
    trustedProxies,
    tls,
    secure,
    positions: isShared(stores.transient)
      ? createSharedPositionMemory({ transient: kernel.transient, clock: kernel.clock, log: telemetry.log })
      : createPositionMemory(),
    failureOf: (error) => (isAway(error) ? partAway : null),
  });
  return {
    routes,
    async listen() {
      await server.listen({ host, port });
      if (port === 0) {
        const { port: given } = server.server.address() as AddressInfo;
        address.url = address.url.replace(/:0$/, `:${given}`);
      }
      return address.url;
    },
    close: () => server.close(),
  };
}
