/** Starts all parts of the server in order, and stops them in the reverse. */
import { setUp } from '../commands/bootstrap.ts';
import type { Kernel } from '../commands/kernel.ts';
import { refuseHalfRestored } from '../infra/backup/restore-mark.ts';
import type { Configuration } from '../infra/config/config.ts';
import { createProgressBoard } from '../infra/read-store/embedded/progress-board.ts';
import type { ReadStore } from '../infra/read-store/read-store.ts';
import type { MetricsListener } from '../infra/telemetry/metrics-listener.ts';
import type { Telemetry } from '../infra/telemetry/telemetry.ts';
import { projections } from '../projections/catalogue.ts';
import type { EventStoreEndpoint } from '../protocol/eventstore-endpoint/endpoint.ts';
import type { Route } from '../protocol/http/route.ts';
import { startBackground } from './background.ts';
import { controlSocketPath, serveControlSocket } from './control-socket.ts';
import { type Projector, projectedElsewhere, startProjector } from './projector-link.ts';
import { isShared } from './store-parts.ts';
import { openKernel } from './stores.ts';
import { startStream } from './stream.ts';

export interface RunningServer {
  /** Public origin; with the port that was given by the system where the configuration says 0. */
  readonly url: string;
  /** Generated on the first start; null otherwise. */
  readonly password: string | null;
  readonly kernel: Kernel;
  readonly reads: ReadStore;
  readonly projector: Projector;
  readonly routes: readonly Route[];
  /** Where auditors read the log with clients of EventStoreDB; null where they do not. */
  readonly endpointPort: number | null;
  /** Lets requests in progress end, then closes the stores. */
  close(): Promise<void>;
}

export interface ServerParts {
  readonly configuration: Configuration;
  readonly telemetry: Telemetry;
  /** PEM; null for plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
}

export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const opened = new AsyncDisposableStack();
  try {
    return await openAll(parts, opened);
  } catch (error) {
    // What is open already would keep the process alive.
    await opened.disposeAsync();
    throw error;
  }
}

/** What is opened last closes first. */
async function openAll({ configuration, telemetry, tls }: ServerParts, opened: AsyncDisposableStack) {
  opened.defer(() => telemetry.close());
  refuseHalfRestored(configuration.data);
  // What takes long in other threads begins first: the modules of the doors load while the stores open, and the routes
  // are mounted while the projector begins.
  const loading = import('./listen.ts');
  const { kernel, parts, shared, close: closeStores } = await openKernel(configuration, telemetry);
  opened.defer(closeStores);
  const { superTenant, admin, roles, stores } = configuration;
  const first = { superTenant, adminName: admin.userName, adminPassword: admin.password };
  const leases = await parts.leases('consumers');
  opened.defer(() => leases.close());
  const password = await setUp(kernel, first, leases);
  await parts.identify(kernel.store);

  const background = backgroundState(telemetry);
  const board = isShared(stores.reads) ? null : createProgressBoard(projections.map(({ name }) => name));
  const reads = await parts.readStore(board);
  opened.defer(() => reads.close());
  const { prepareListener } = await loading;
  const projecting = roles.has('projector')
    ? startProjector({ shared, board, onFailure: background.failed })
    : projectedElsewhere(reads);
  const stream = await startStream({ configuration, kernel, leases });
  opened.defer(() => stream.close());
  const served = { kernel, reads, stopped: background.stopped, followers: stream.health, isAway: parts.isAway };
  const listener = prepareListener({ configuration, telemetry, tls }, served);
  const projector = await projecting;
  opened.defer(() => projector.stop());
  if (roles.has('consumers')) opened.defer(startBackground({ kernel, reads, leases }));
  const control = await serveControlSocket({
    path: controlSocketPath(configuration.data),
    projections: projector,
    consumers: stream.consumers,
    onFault: (error) => background.failed('rebuild', String(error)),
  });
  opened.defer(() => control.close());
  const endpoint = await openEndpoint({ configuration, telemetry, tls }, { kernel, reads });
  opened.defer(async () => await endpoint?.close());
  const metrics = await listenForMetrics(telemetry, configuration.metrics);
  opened.defer(async () => await metrics?.close());

  const url = await listener.listen();
  opened.defer(() => listener.close());
  const endpointPort = endpoint?.port ?? null;
  const close = () => opened.disposeAsync();
  return { url, password, kernel, reads, projector, routes: listener.routes, endpointPort, close };
}

/** Loaded only where it is wanted: an import of `node:http` as a module, unlike fastify's, brings a whole fetch client. */
async function listenForMetrics(
  telemetry: Telemetry,
  address: Configuration['metrics'],
): Promise<MetricsListener | null> {
  if (address === null) return null;
  const listener = await import('../infra/telemetry/metrics-listener.ts');
  return listener.listenForMetrics(telemetry, address);
}

/** Loaded only where it is wanted: most servers have none. */
async function openEndpoint(
  parts: ServerParts,
  stores: { readonly kernel: Kernel; readonly reads: ReadStore },
): Promise<EventStoreEndpoint | null> {
  if (parts.configuration.eventStoreEndpoint === null) return null;
  const { openEventStoreDoor } = await import('./eventstore-door.ts');
  return await openEventStoreDoor({ ...parts, ...stores });
}

/** A parked projection shows in its own status; a part that ended altogether is remembered here. */
function backgroundState(telemetry: Telemetry) {
  let ended: string | null = null;
  return {
    stopped: () => ended,
    failed: (name: string, message: string) => {
      if (name === '*') ended = message;
      telemetry.log.error('projection.failed', {
        projection: name,
        error: message,
        action: 'See `muniment projections`; read models of this projection do not get newer until it goes on.',
      });
    },
  };
}
