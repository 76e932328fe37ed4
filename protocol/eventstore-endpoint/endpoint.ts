/**
 * A gRPC server that speaks the protocol of EventStoreDB over the log, so that its official clients can read it.
 *
 * Events are served as they are stored: personal data stays sealed.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { StoredLog } from '../../infra/event-store/stored-log.ts';
import type { Authorize } from './authorize.ts';
import { type ClusterMember, clusterInfo } from './gossip.ts';
import {
  OpenSubscriptions,
  SUBSCRIPTIONS_MAX,
  SUBSCRIPTIONS_PER_CONNECTION_MAX,
  type SubscriptionLimits,
} from './open-calls.ts';
import type { OnFault } from './send.ts';
import { supportedMethods } from './server-features.ts';
import {
  type EndpointObserver,
  type StreamsService,
  type StreamsServiceParts,
  streamsService,
} from './streams-service.ts';

/** As the real server has it: clients meet the limit in tests, not in production. */
export const CONCURRENT_STREAMS_MAX = 100;
export const KEEPALIVE_MS = 10_000;
/** Of a server that takes events. */
export const RECEIVED_MESSAGE_BYTES_MAX = 16 * 1_048_576;
/** Of one that is only asked for them: a hundred prefixes, and a regular expression. */
export const RECEIVED_REQUEST_BYTES_MAX = 262_144;
/** More are cut off at once. */
export const CONNECTIONS_MAX = 500;
/** A connection without a call is closed after this time. */
export const IDLE_CONNECTION_MS_MAX = 300_000;
/** Calls that are still open then are cut off. */
export const CLOSE_MS_MAX = 2_000;

export interface EndpointOptions {
  readonly log: StoredLog;
  readonly host?: string;
  /** 0 (default): any free port. */
  readonly port?: number;
  /** Where clients that look for the members of a cluster find this server; default: `host`. */
  readonly advertisedHost?: string;
  /** PEM; absent: plain HTTP/2, for a loopback or behind a proxy. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Absent: everybody may do what the endpoint does. */
  readonly authorize?: Authorize;
  /** Off by default: the endpoint is for reading. */
  readonly writable?: boolean;
  /** Hears of faults, which clients are told nothing of. */
  readonly onFault: OnFault;
  /** Default: this server alone, as leader. */
  readonly members?: () => readonly ClusterMember[];
  /** Takes the place of single methods of the service. */
  readonly replace?: (service: StreamsService) => StreamsService;
  readonly limits?: SubscriptionLimits;
  readonly observe?: EndpointObserver;
}

export interface EventStoreEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

export async function openEventStoreEndpoint(options: EndpointOptions): Promise<EventStoreEndpoint> {
  const { host = '127.0.0.1', port = 0, writable = false, replace } = options;
  const server = new Server({
    'grpc.max_concurrent_streams': CONCURRENT_STREAMS_MAX,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_MS,
    'grpc.max_connection_idle_ms': IDLE_CONNECTION_MS_MAX,
    'grpc.max_receive_message_length': writable ? RECEIVED_MESSAGE_BYTES_MAX : RECEIVED_REQUEST_BYTES_MAX,
  });
  const closing = new AbortController();
  const observe = options.observe ?? NOT_OBSERVED;
  const limits = options.limits ?? SUBSCRIPTION_LIMITS;
  const parts: StreamsServiceParts = {
    log: options.log,
    authorize: options.authorize ?? null,
    writable,
    closing: closing.signal,
    onFault: options.onFault,
    subscriptions: new OpenSubscriptions(limits, observe.subscriptions),
    observe,
  };
  const service = streamsService(parts);
  server.addService(streamsGrpc.StreamsService, replace === undefined ? service : replace(service));
  if (writable) await addRecordsService(server, parts);
  const features = supportedMethods(writable);
  server.addService(featuresService.ServerFeaturesService, {
    getSupportedMethods: (_: unknown, done: (error: null, response: unknown) => void) => done(null, features),
  });
  const self = { host: options.advertisedHost ?? host, port, state: 'leader' as const, instanceId: randomUUID() };
  const members = options.members ?? (() => [self]);
  server.addService(gossipService.GossipService, {
    read: (_: unknown, done: (error: null, response: unknown) => void) =>
      done(null, clusterInfo(members(), Date.now())),
  });
  const bound = await listen(server, options);
  self.port = bound.port;
  return { port: self.port, close: () => close(server, bound, closing) };
}

const SUBSCRIPTION_LIMITS = { perConnection: SUBSCRIPTIONS_PER_CONNECTION_MAX, total: SUBSCRIPTIONS_MAX };
const NOT_OBSERVED: EndpointObserver = {
  subscriptions: () => undefined,
  sent: () => undefined,
  readEnded: () => undefined,
};

/** Its messages come with a client that not every installation has. */
async function addRecordsService(server: Server, parts: StreamsServiceParts): Promise<void> {
  const { recordsService, recordsServiceDefinition } = await import('./records-service.ts');
  server.addService(recordsServiceDefinition, recordsService(parts));
}

interface Bound {
  readonly port: number;
  stop(): void;
}

/** A listener of our own: the library's neither limits connections nor sends small answers at once. */
async function listen(server: Server, { host = '127.0.0.1', port = 0, tls }: EndpointOptions): Promise<Bound> {
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.certificate) },
        ]);
  const injector = server.createConnectionInjector(credentials);
  const listener = createServer({ noDelay: true }, (socket) => injector.injectConnection(socket));
  listener.maxConnections = CONNECTIONS_MAX;
  listener.listen(port, host);
  await once(listener, 'listening');
  const { port: given } = listener.address() as AddressInfo;
  return {
    port: given,
    stop() {
      listener.close();
      injector.destroy();
    },
  };
}

async function close(server: Server, bound: Bound, closing: AbortController): Promise<void> {
  closing.abort();
  const timer = setTimeout(() => server.forceShutdown(), CLOSE_MS_MAX);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  bound.stop();
  clearTimeout(timer);
}
