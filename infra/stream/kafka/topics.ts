/** The topics that events are carried in: made where missing, and where they exist checked against what was declared. */
import type { Admin } from 'kafkajs';
import { topicOf } from '../carried.ts';
import { StreamMisconfigured } from '../stream.ts';
import { ConfigResourceTypes, KafkaJSProtocolError } from './kafkajs.ts';

export interface TopicDeclaration {
  /** `muniment`: topics are `muniment.identity.user` … */
  readonly prefix: string;
  /** Of every topic. A key's partition follows from it, so it stays what it was when the topic was made. */
  readonly partitions: number;
  readonly retentionMs: number;
  /** Copies of a new topic; null: the brokers' own default. */
  readonly replicas: number | null;
}

const BROKER_DEFAULT = -1;
const READY_MS_MAX = 10_000;

/** Throws {@link StreamMisconfigured} when one exists and is another. Resolves to the topics' names. */
export async function ensureTopics(
  admin: Admin,
  declared: TopicDeclaration,
  categories: readonly string[],
): Promise<readonly string[]> {
  const topics = [...new Set(categories.map((category) => topicOf(declared.prefix, category)))];
  if (topics.length === 0) return topics;
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter((topic) => !existing.has(topic));
  if (missing.length > 0) await create(admin, declared, missing);
  await check(admin, declared, topics);
  return topics;
}

async function create(
  admin: Admin,
  { partitions, retentionMs, replicas }: TopicDeclaration,
  topics: readonly string[],
) {
  try {
    await admin.createTopics({
      waitForLeaders: true,
      timeout: READY_MS_MAX,
      topics: topics.map((topic) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: replicas ?? BROKER_DEFAULT,
        configEntries: [
          { name: 'cleanup.policy', value: 'delete' },
          { name: 'retention.ms', value: String(retentionMs) },
        ],
      })),
    });
  } catch (error) {
    // Another node made one at the same moment: what it is now is checked next.
    if (!(error instanceof Error && isAlreadyThere(error))) throw error;
  }
}

const isAlreadyThere = (error: Error): boolean => {
  const errors = error instanceof AggregateError || 'errors' in error ? (error as { errors: Error[] }).errors : [error];
  return errors.every((each) => each instanceof KafkaJSProtocolError && each.type === 'TOPIC_ALREADY_EXISTS');
};

async function check(admin: Admin, declared: TopicDeclaration, topics: readonly string[]): Promise<void> {
  const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
  for (const { name, partitions } of found) {
    if (partitions.length === declared.partitions) continue;
    throw new StreamMisconfigured(
      `topic ${name} has ${partitions.length} partitions and ${declared.partitions} are declared: ` +
        'set MUNIMENT_KAFKA_PARTITIONS to what it has, or choose another MUNIMENT_KAFKA_TOPIC_PREFIX',
    );
  }
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({
      type: ConfigResourceTypes.TOPIC,
      name,
      configNames: ['cleanup.policy', 'retention.ms'],
    })),
  });
  const wanted = new Map([
    ['cleanup.policy', 'delete'],
    ['retention.ms', String(declared.retentionMs)],
  ]);
  for (const { resourceName, configEntries } of resources) {
    for (const { configName, configValue } of configEntries) {
      const expected = wanted.get(configName);
      if (expected === undefined || expected === configValue) continue;
      throw new StreamMisconfigured(
        `topic ${resourceName} has ${configName}=${configValue}, and ${expected} is declared: make them agree ` +
          '(kafka-configs, or MUNIMENT_KAFKA_RETENTION_HOURS)',
      );
    }
  }
}
