/**
 * From Kafka: a member of a consumer group. The offset is committed after the effect, and with it the position of the
 * last event: what a relay carried twice is recognised by it, on whatever member the partition is.
 */
import type { Admin, Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { RecordedEvent } from '../../event-store/event-store.ts';
import { encodePosition } from '../../event-store/position.ts';
import type { Logger } from '../../telemetry/telemetry.ts';
import { fromCloudEvent } from '../cloud-event.ts';
import { BATCH_EVENTS_MAX, type Following, StreamMisconfigured } from '../stream.ts';

/** A member that died is given up after this; the least that brokers allow by default. */
const SESSION_MS = 6_000;
const HEARTBEAT_MS = 1_000;
const REBALANCE_MS = 15_000;
const FETCH_WAIT_MS = 500;
const PARTITIONS_AT_ONCE = 4;
const RETRY = { retries: 5, initialRetryTime: 50, maxRetryTime: 1_000 };

interface Reached {
  /** Offset of the next record; null for a partition that the group never read. */
  readonly next: bigint | null;
  /** Log and position of the last event, as committed with the offset; empty when it says nothing. */
  readonly mark: string;
}

const NOWHERE: Reached = { next: null, mark: '' };

export interface KafkaReaderOptions {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly prefix: string;
  readonly topics: readonly string[];
  readonly log: Logger;
}

/** Runs until the signal aborts; rejects when the client gives up. */
export async function readGroup(options: KafkaReaderOptions, following: Following): Promise<void> {
  const { kafka, topics, prefix } = options;
  const consumer = kafka.consumer({
    groupId: `${prefix}.${following.group}`,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: REBALANCE_MS,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
    retry: { ...RETRY, restartOnFailure: async () => !following.signal.aborted },
  });
  try {
    await refuseGaps(options, following);
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    const ended = Promise.withResolvers<never>();
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      // What it starts again by itself is no concern.
      if (!payload.restart) ended.reject(payload.error);
    });
    const reader = new GroupReader({ options, consumer, following, onGap: ended.reject });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
      eachBatch: (payload) => reader.take(payload),
    });
    await Promise.race([ended.promise, aborted(following.signal)]);
  } finally {
    await consumer.disconnect();
  }
}

/**
 * The client would begin with the oldest record there is, and commit that: so what the group has missed is looked for
 * before it joins. While it reads, a gap shows between two batches.
 */
async function refuseGaps({ admin, prefix, topics }: KafkaReaderOptions, { group }: Following): Promise<void> {
  const committed = await admin.fetchOffsets({ groupId: `${prefix}.${group}`, topics: [...topics] });
  for (const { topic, partitions } of committed) {
    const bounds = await admin.fetchTopicOffsets(topic);
    const lows = new Map(bounds.map(({ partition, low }) => [partition, BigInt(low)]));
    for (const { partition, offset } of partitions) {
      const missed = (lows.get(partition) ?? 0n) - BigInt(offset);
      if (BigInt(offset) >= 0n && missed > 0n) throw gapOf(group, `${topic}/${partition}`, missed);
    }
  }
}

/** The group was away for longer than the topic keeps records. Never passed over in silence. */
const gapOf = (group: string, place: string, records: bigint): StreamMisconfigured =>
  new StreamMisconfigured(
    `group ${group} has missed ${records} records of ${place}, which the retention removed: let it repeat from the log ` +
      'what it needs, then set its offsets to the earliest (kafka-consumer-groups --reset-offsets)',
  );

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

interface GroupReaderParts {
  readonly options: KafkaReaderOptions;
  readonly consumer: Consumer;
  readonly following: Following;
  readonly onGap: (error: StreamMisconfigured) => void;
}

class GroupReader {
  readonly #parts: GroupReaderParts;
  /** By `topic/partition`. */
  #reached = new Map<string, Reached>();

  constructor(parts: GroupReaderParts) {
    this.#parts = parts;
    // What others did meanwhile stands in their commits.
    parts.consumer.on(parts.consumer.events.GROUP_JOIN, () => {
      this.#reached = new Map();
    });
  }

  async take(payload: EachBatchPayload): Promise<void> {
    const { batch, isRunning, isStale } = payload;
    const { messages } = batch;
    for (let from = 0; from < messages.length; from += BATCH_EVENTS_MAX) {
      if (!isRunning() || isStale() || this.#parts.following.signal.aborted) return;
      await this.#takePart(payload, messages.slice(from, from + BATCH_EVENTS_MAX));
    }
  }

  async #takePart(payload: EachBatchPayload, messages: readonly KafkaMessage[]): Promise<void> {
    const { topic, partition } = payload.batch;
    const place = `${topic}/${partition}`;
    const before = this.#reached.get(place) ?? (await this.#committed(topic, partition));
    const first = BigInt(messages[0]?.offset ?? '0');
    if (before.next !== null && first > before.next) {
      const gap = gapOf(this.#parts.following.group, place, first - before.next);
      this.#parts.onGap(gap);
      throw gap;
    }
    const { events, mark } = this.#fresh(messages, before.mark, place);
    if (events.length > 0) await this.#handle(payload, { place, events });
    const last = messages.at(-1)?.offset ?? '0';
    const next = BigInt(last) + 1n;
    await this.#parts.consumer.commitOffsets([{ topic, partition, offset: String(next), metadata: mark }]);
    this.#reached.set(place, { next, mark });
    payload.resolveOffset(last);
  }

  /** Within one partition and log the position only grows, but for what is carried again. */
  #fresh(messages: readonly KafkaMessage[], before: string, place: string) {
    const events: RecordedEvent[] = [];
    let mark = before;
    for (const { value, offset } of messages) {
      const carried = value === null ? null : fromCloudEvent(value.toString('utf8'));
      if (carried === null) {
        this.#parts.options.log.warn('stream.record.foreign', { place, offset });
        continue;
      }
      const own = `${carried.log}@${encodePosition(carried.event.position)}`;
      const isOfSameLog = mark.startsWith(`${carried.log}@`);
      if (isOfSameLog && own <= mark) continue;
      mark = own;
      events.push(carried.event);
    }
    return { events, mark };
  }

  async #handle(
    { heartbeat, isRunning, isStale }: EachBatchPayload,
    { place, events }: { readonly place: string; readonly events: readonly RecordedEvent[] },
  ): Promise<void> {
    const lost = new AbortController();
    const signal = AbortSignal.any([lost.signal, this.#parts.following.signal]);
    const beat = setInterval(() => {
      if (!isRunning() || isStale()) lost.abort(new Error('the partition went to another member'));
      // Its failure shows at the commit.
      else heartbeat().catch((error: unknown) => lost.abort(error));
    }, HEARTBEAT_MS);
    try {
      await this.#parts.following.handle({ partition: place, events, signal });
    } finally {
      clearInterval(beat);
    }
  }

  async #committed(topic: string, partition: number): Promise<Reached> {
    const { options, following } = this.#parts;
    const groupId = `${options.prefix}.${following.group}`;
    const found = await options.admin.fetchOffsets({ groupId, topics: [topic] });
    const entry = found[0]?.partitions.find((candidate) => candidate.partition === partition);
    if (entry === undefined || BigInt(entry.offset) < 0n) return NOWHERE;
    return { next: BigInt(entry.offset), mark: entry.metadata ?? '' };
  }
}
