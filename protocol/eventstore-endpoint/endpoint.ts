/**
 * A gRPC server that speaks the protocol of EventStoreDB over the log, so that its official clients can read it.
 *
 * Events are served as they are stored: personal data stays sealed.
 */
import { randomUUID } from 'node:crypto';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { StoredLog } from '../../infra/event-store/stored-log.ts';
import type { Authorize } from './authorize.ts';
import { type ClusterMember, clusterInfo } from './gossip.ts';
import type { OnFault } from './send.ts';
import { supportedMethods } from './server-features.ts';
import { type StreamsService, streamsService } from './streams-service.ts';

/** As the real server has it: clients meet the limit in tests, not in production. */
export const CONCURRENT_STREAMS_MAX = 100;
export const KEEPALIVE_MS = 10_000;
export const RECEIVED_MESSAGE_BYTES_MAX = 16 * 1_048_576;
/** Calls that are still open then are cut off. */
export const CLOSE_MS_MAX = 2_000;

export interface EndpointOptions {
  readonly log: StoredLog;
  readonly host?: string;
  /** 0 (default): any free port. */
  readonly port?: number;
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
    'grpc.max_receive_message_length': RECEIVED_MESSAGE_BYTES_MAX,
  });
  const closing = new AbortController();
  const service = streamsService({
    log: options.log,
    authorize: options.authorize ?? null,
    writable,
    closing: closing.signal,
    onFault: options.onFault,
  });
  server.addService(streamsGrpc.StreamsService, replace === undefined ? service : replace(service));
  const features = supportedMethods(writable);
  server.addService(featuresService.ServerFeaturesService, {
    getSupportedMethods: (_: unknown, done: (error: null, response: unknown) => void) => done(null, features),
  });
  const self = { host, port, state: 'leader' as const, instanceId: randomUUID() };
  const members = options.members ?? (() => [self]);
  server.addService(gossipService.GossipService, {
    read: (_: unknown, done: (error: null, response: unknown) => void) =>
      done(null, clusterInfo(members(), Date.now())),
  });
  self.port = await bind(server, `${host}:${port}`, options.tls);
  return { port: self.port, close: () => close(server, closing) };
}

async function bind(server: Server, address: string, tls: EndpointOptions['tls']): Promise<number> {
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.certificate) },
        ]);
  return await new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}

async function close(server: Server, closing: AbortController): Promise<void> {
  closing.abort();
  const timer = setTimeout(() => server.forceShutdown(), CLOSE_MS_MAX);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(timer);
}
