/** The stream and what runs on it, where the configuration says: the relay, and the consumers. */
import { readFile } from 'node:fs/promises';
import type { Kernel } from '../commands/kernel.ts';
import { consumersOf } from '../consumers/catalogue.ts';
import { ConsumerEngine } from '../consumers/engine.ts';
import { eventCatalogue } from '../domain/catalogue.ts';
import type { Configuration } from '../infra/config/config.ts';
import type { KafkaChoice } from '../infra/config/stream-choice.ts';
import type { Leases } from '../infra/lease/lease.ts';
import { carriedTypes } from '../infra/stream/carried.ts';
import { openEmbeddedStream } from '../infra/stream/embedded/embedded-stream.ts';
import type { KafkaPlace } from '../infra/stream/kafka/connection.ts';
import { type Relay, startRelay } from '../infra/stream/relay.ts';
import type { EventStream } from '../infra/stream/stream.ts';

export interface StreamParts {
  readonly configuration: Pick<Configuration, 'roles' | 'stores'>;
  readonly kernel: Kernel;
  /** Null where no other process shares the stores. */
  readonly leases: Leases | null;
}

export interface RunningStream {
  /** By part. */
  health(): ReadonlyMap<string, { readonly ok: boolean; readonly detail: string }>;
  /** None where this process does not run them. */
  readonly consumers: ConsumerEngine;
  /** Lets the batch in hand end. */
  close(): Promise<void>;
}

export async function startStream({ configuration, kernel, leases }: StreamParts): Promise<RunningStream> {
  const { roles, stores } = configuration;
  const stream = await openStream({ kernel, leases, choice: stores.stream });
  const relay = roles.has('relay') ? relayTo(stream, { kernel, leases, choice: stores.stream }) : null;
  const consumers = new ConsumerEngine({
    kernel,
    stream,
    consumers: roles.has('consumers') ? consumersOf(kernel) : [],
  });
  return {
    consumers,
    health: () => healthOf(relay, consumers),
    async close() {
      await consumers.stop();
      await relay?.stop();
      await stream.close();
    },
  };
}

interface Opening {
  readonly kernel: Kernel;
  readonly leases: Leases | null;
  readonly choice: Configuration['stores']['stream'];
}

async function openStream({ kernel, leases, choice }: Opening): Promise<EventStream> {
  const { store, transient, clock, telemetry } = kernel;
  if (choice.kind === 'embedded') return openEmbeddedStream({ store, transient, clock, leases });
  const place = await kafkaPlace(choice);
  const { openKafkaStream } = await import('../infra/stream/kafka/kafka-stream.ts');
  return openKafkaStream({ place, topics: choice.topics, logIdentity: store.identity, log: telemetry.log });
}

async function kafkaPlace({ brokers, tls, credentials }: KafkaChoice): Promise<KafkaPlace> {
  if (tls === null) return { brokers, tls, credentials };
  const ca = tls.caFile === null ? null : await contentOf(tls.caFile);
  const { client } = tls;
  if (client === null) return { brokers, credentials, tls: { ca, client } };
  const cert = await contentOf(client.certificateFile);
  return { brokers, credentials, tls: { ca, client: { cert, key: await contentOf(client.keyFile) } } };
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file}, named for the connection to Kafka, cannot be read`, { cause: error });
  }
}

function relayTo({ publisher }: EventStream, { kernel, leases, choice }: Opening): Relay | null {
  if (publisher === null || choice.kind === 'embedded') return null;
  const { store, transient, clock, telemetry } = kernel;
  const carries = carriedTypes(eventCatalogue.keys());
  const destination = choice.topics.prefix;
  return startRelay({ store, publisher, destination, transient, leases, carries, clock, telemetry });
}

function healthOf(relay: Relay | null, consumers: ConsumerEngine) {
  const checks = new Map<string, { readonly ok: boolean; readonly detail: string }>();
  if (relay !== null) checks.set('relay', relay.health());
  for (const [name, check] of consumers.health()) checks.set(`consumer:${name}`, check);
  return checks;
}
