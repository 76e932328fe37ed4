/** Into Kafka: one batch at a time, by an idempotent producer, acknowledged by all replicas in sync. */
import { CompressionTypes, type Kafka, type Message, Partitioners, type Producer, type ProducerBatch } from 'kafkajs';
import type { RecordedEvent } from '../../event-store/event-store.ts';
import { categoryOf, topicOf } from '../carried.ts';
import { asCloudEvent, CLOUD_EVENT_TYPE } from '../cloud-event.ts';
import { type EventPublisher, StreamMisconfigured, StreamUnavailable } from '../stream.ts';
import { KafkaJSError } from './kafkajs.ts';

/** Brokers refuse a batch of more than 1 MiB by default (`message.max.bytes`). One event is below 300 kB. */
const REQUEST_BYTES_MAX = 800_000;
/** What is larger than this is worth packing. */
const COMPRESS_BYTES_MIN = 64_000;

export interface KafkaPublisherOptions {
  readonly kafka: Kafka;
  readonly prefix: string;
  /** Identity of the log. */
  readonly log: string;
  /** Makes the topics of categories that it was not asked for before. */
  readonly ensureTopics: (categories: readonly string[]) => Promise<void>;
}

export class KafkaPublisher implements EventPublisher {
  readonly #options: KafkaPublisherOptions;
  readonly #ready = new Set<string>();
  #producer: Producer | null = null;

  constructor(options: KafkaPublisherOptions) {
    this.#options = options;
  }

  async publish(events: readonly RecordedEvent[]): Promise<void> {
    if (events.length === 0) return;
    try {
      await this.#ensureTopics(events);
      const producer = await this.#connected();
      for (const request of this.#requests(events)) await producer.sendBatch({ acks: -1, ...request });
    } catch (error) {
      // Its sequence numbers say nothing any more: a new producer begins the batch anew, as a repeat of the same events.
      await this.close();
      if (error instanceof StreamMisconfigured) throw error;
      if (error instanceof KafkaJSError)
        throw new StreamUnavailable(`Kafka took no events: ${error.message}`, { cause: error });
      throw error;
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.disconnect();
  }

  async #ensureTopics(events: readonly RecordedEvent[]): Promise<void> {
    const categories = new Set(events.map(({ stream }) => categoryOf(stream)));
    const unknown = [...categories].filter((category) => !this.#ready.has(category));
    if (unknown.length === 0) return;
    await this.#options.ensureTopics(unknown);
    for (const category of unknown) this.#ready.add(category);
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== null) return this.#producer;
    const producer = this.#options.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    this.#producer = producer;
    return producer;
  }

  /** In order; each small enough for a broker. */
  *#requests(events: readonly RecordedEvent[]): Iterable<ProducerBatch> {
    let messages = new Map<string, Message[]>();
    let bytes = 0;
    for (const event of events) {
      const topic = topicOf(this.#options.prefix, categoryOf(event.stream));
      const value = Buffer.from(JSON.stringify(asCloudEvent(event, this.#options.log)));
      if (bytes > 0 && bytes + value.length > REQUEST_BYTES_MAX) {
        yield requestOf(messages, bytes);
        messages = new Map();
        bytes = 0;
      }
      bytes += value.length;
      const headers = { 'content-type': CLOUD_EVENT_TYPE, correlation: event.meta.$correlationId };
      const others = messages.get(topic) ?? [];
      others.push({ key: event.stream, value, headers });
      messages.set(topic, others);
    }
    yield requestOf(messages, bytes);
  }
}

function requestOf(messages: ReadonlyMap<string, Message[]>, bytes: number): ProducerBatch {
  const topicMessages = [...messages].map(([topic, list]) => ({ topic, messages: list }));
  return { topicMessages, compression: bytes < COMPRESS_BYTES_MIN ? CompressionTypes.None : CompressionTypes.GZIP };
}
