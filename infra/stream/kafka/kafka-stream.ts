/** The stream on Kafka. Loaded only where one is configured. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { Logger } from '../../telemetry/telemetry.ts';
import { type EventStream, type Following, StreamMisconfigured } from '../stream.ts';
import { type KafkaPlace, kafkaClient } from './connection.ts';
import { KafkaPublisher } from './kafka-publisher.ts';
import { readGroup } from './kafka-reader.ts';
import { KafkaJSError } from './kafkajs.ts';
import { ensureTopics, type TopicDeclaration } from './topics.ts';

const AGAIN_MS_MIN = 100;
const AGAIN_MS_MAX = 3_000;
const HEALTH_MS_MAX = 2_000;
/** To say farewell to brokers, which may be away. */
const CLOSE_MS_MAX = 5_000;

export interface KafkaStreamOptions {
  readonly place: KafkaPlace;
  readonly topics: TopicDeclaration;
  /** Identity of the log whose events are published. */
  readonly logIdentity: string;
  readonly log: Logger;
}

/** Connects when it is first used: a broker that is away does not hold up the start. */
export function openKafkaStream(options: KafkaStreamOptions): EventStream {
  return new KafkaStream(options);
}

class KafkaStream implements EventStream {
  readonly publisher: KafkaPublisher;
  readonly #options: KafkaStreamOptions;
  readonly #kafka;
  readonly #closing = new AbortController();
  readonly #following = new Set<Promise<void>>();
  #admin: Promise<Admin> | null = null;

  constructor(options: KafkaStreamOptions) {
    this.#options = options;
    this.#kafka = kafkaClient(options.place, options.log);
    this.publisher = new KafkaPublisher({
      kafka: this.#kafka,
      prefix: options.topics.prefix,
      log: options.logIdentity,
      ensureTopics: async (categories) => {
        await ensureTopics(await this.#connectedAdmin(), options.topics, categories);
      },
    });
  }

  async follow(asked: Following): Promise<void> {
    const signal = AbortSignal.any([asked.signal, this.#closing.signal]);
    const work = this.#untilAborted({ ...asked, signal });
    this.#following.add(work);
    await work.finally(() => this.#following.delete(work));
  }

  async #untilAborted(following: Following): Promise<void> {
    const { signal, onTrouble, categories } = following;
    for (let againMs = AGAIN_MS_MIN; !signal.aborted; againMs = Math.min(againMs * 2, AGAIN_MS_MAX)) {
      try {
        const admin = await this.#connectedAdmin();
        const topics = await ensureTopics(admin, this.#options.topics, categories);
        const { prefix } = this.#options.topics;
        await readGroup({ kafka: this.#kafka, admin, prefix, topics, log: this.#options.log }, following);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof StreamMisconfigured) throw error;
        onTrouble(error);
      }
      await pause(againMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(ignoreAbort);
    }
  }

  async health(): Promise<{ ok: boolean; detail: string }> {
    const late = new AbortController();
    try {
      const asked = this.#connectedAdmin().then((admin) => admin.describeCluster());
      const overdue = pause(HEALTH_MS_MAX, null, { signal: late.signal }).catch(ignoreAbort);
      const answer = await Promise.race([asked, overdue]);
      if (answer === null || answer === undefined) return { ok: false, detail: 'no broker answers in time' };
      return { ok: true, detail: `${answer.brokers.length} brokers` };
    } catch (error) {
      if (!(error instanceof KafkaJSError)) throw error;
      return { ok: false, detail: error.name };
    } finally {
      late.abort();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.race([this.#disconnect(), pause(CLOSE_MS_MAX, undefined, { ref: false })]);
  }

  async #disconnect(): Promise<void> {
    await Promise.allSettled(this.#following);
    await this.publisher.close();
    const admin = this.#admin;
    this.#admin = null;
    await admin?.then((connected) => connected.disconnect()).catch(ignoreUnreachable);
  }

  /** One that could not connect is made anew at the next need. */
  async #connectedAdmin(): Promise<Admin> {
    this.#admin ??= this.#connectAdmin();
    const connecting = this.#admin;
    try {
      return await connecting;
    } catch (error) {
      if (this.#admin === connecting) this.#admin = null;
      throw error;
    }
  }

  async #connectAdmin(): Promise<Admin> {
    const admin = this.#kafka.admin();
    await admin.connect();
    return admin;
  }
}

function ignoreAbort(error: unknown): undefined {
  if ((error as Error).name !== 'AbortError') throw error;
}

function ignoreUnreachable(error: unknown): void {
  if (!(error instanceof KafkaJSError)) throw error;
}
