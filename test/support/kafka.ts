/** Where tests find a Kafka broker; without one they are not run. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { openKafkaStream } from '../../infra/stream/kafka/kafka-stream.ts';
import type { TopicDeclaration } from '../../infra/stream/kafka/topics.ts';
import type { EventStream } from '../../infra/stream/stream.ts';
import { noTelemetry } from '../../infra/telemetry/no-telemetry.ts';

const brokers = process.env['MUNIMENT_KAFKA_BROKERS'] ?? '';
export const hasKafka = brokers !== '';

/** For a build that must not pass by leaving tests out. */
export function requireKafka(): void {
  if (process.env['MUNIMENT_REQUIRE_BACKENDS'] !== '1') return;
  it('has a Kafka broker to run against, in MUNIMENT_KAFKA_BROKERS', () => {
    expect(brokers).toMatch(/^\S+:\d+$/);
  });
}

export const kafkaPlace = { brokers: brokers.split(','), tls: null, credentials: null };

const HOUR_MS = 3_600_000;

/** Topics of a test's own. */
export const declaredTopics = (prefix = `test-${randomUUID()}`): TopicDeclaration => ({
  prefix,
  partitions: 3,
  retentionMs: HOUR_MS,
  replicas: null,
});

export const kafkaStream = (topics: TopicDeclaration, logIdentity: string, place = kafkaPlace): EventStream =>
  openKafkaStream({ place, topics, logIdentity, log: noTelemetry.log });
