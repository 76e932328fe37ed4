import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { type EventStream, StreamMisconfigured } from '../../infra/stream/stream.ts';
import { collect, eventually, idsOf, newEvents, newStream } from '../support/event-store.ts';
import { embeddedUnderTest } from '../support/event-store-embedded.ts';
import { declaredTopics, hasKafka, kafkaPlace, kafkaStream, requireKafka } from '../support/kafka.ts';
import { streamContract } from './stream.contract.ts';

requireKafka();

describe.runIf(hasKafka)('on Kafka', { timeout: 60_000 }, () => {
  streamContract('Kafka', async () => {
    const log = await embeddedUnderTest();
    const topics = declaredTopics();
    return {
      store: log.store,
      open: async () => kafkaStream(topics, log.store.identity),
      dispose: () => log.dispose(),
    };
  });

  it('hands over once what was carried twice, on whichever member', async () => {
    const log = await embeddedUnderTest();
    const topics = declaredTopics();
    const key = newStream('user');
    await log.store.append(key, 'any', newEvents(6));
    const recorded = await collect(log.store.readStream(key));
    const seen: string[] = [];
    const follow = async (count: number) => {
      const stream = kafkaStream(topics, log.store.identity);
      const stopping = new AbortController();
      const following = stream.follow({
        group: 'one',
        categories: ['user'],
        signal: stopping.signal,
        handle: async ({ events }) => void seen.push(...idsOf(events)),
        onTrouble: () => undefined,
      });
      await eventually(() => seen.length >= count);
      stopping.abort();
      await following;
      await stream.close();
    };
    const stream = kafkaStream(topics, log.store.identity);
    await stream.publisher?.publish(recorded.slice(0, 4));
    await stream.publisher?.publish(recorded.slice(1, 5));
    await follow(5);
    await stream.publisher?.publish(recorded.slice(2, 6));
    await follow(6);
    await stream.close();
    await log.dispose();
    expect(seen).toEqual(idsOf(recorded));
  });

  it('refuses topics that are not as declared', async () => {
    const log = await embeddedUnderTest();
    const topics = declaredTopics();
    await log.store.append('user-1', 'any', newEvents(1));
    const recorded = await collect(log.store.readStream('user-1'));
    const stream = kafkaStream(topics, log.store.identity);
    await stream.publisher?.publish(recorded);
    const wrong = [{ partitions: 4 }, { retentionMs: 1_000 }];
    for (const change of wrong) {
      const other = kafkaStream({ ...topics, ...change }, log.store.identity);
      await expect(other.publisher?.publish(recorded)).rejects.toThrow(StreamMisconfigured);
      await other.close();
    }
    await stream.close();
    await log.dispose();
  });

  it('stops and says so when records were removed before the group had read them', async () => {
    const log = await embeddedUnderTest();
    const topics = declaredTopics();
    const key = newStream('user');
    await log.store.append(key, 'any', newEvents(6));
    const recorded = await collect(log.store.readStream(key));
    const stream = kafkaStream(topics, log.store.identity);
    const seen: string[] = [];
    const stopping = new AbortController();
    const follow = (from: EventStream, signal: AbortSignal) =>
      from.follow({
        group: 'one',
        categories: ['user'],
        signal,
        handle: async ({ events }) => void seen.push(...idsOf(events)),
        onTrouble: () => undefined,
      });
    await stream.publisher?.publish(recorded.slice(0, 3));
    const following = follow(stream, stopping.signal);
    await eventually(() => seen.length === 3);
    stopping.abort();
    await following;
    await stream.publisher?.publish(recorded.slice(3));
    await removeRecords(`${topics.prefix}.identity.user`, 5);
    const again = kafkaStream(topics, log.store.identity);
    const late = follow(again, new AbortController().signal);
    await expect(late).rejects.toThrow(/group one has missed 2 records of .+, which the retention removed/);
    await again.close();
    await stream.close();
    await log.dispose();
    expect(seen).toEqual(idsOf(recorded.slice(0, 3)));
  });
});

/** As the retention does: everything before the offset, in the one partition that holds records. */
async function removeRecords(topic: string, before: number): Promise<void> {
  const admin = new Kafka({ brokers: kafkaPlace.brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  const partition = offsets.find(({ high }) => high !== '0')?.partition ?? 0;
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
  await admin.disconnect();
}
