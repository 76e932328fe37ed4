/** What leaves over Kafka: of whom, and of what it holds nothing, before an erasure and after. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { eventCatalogue } from '../../domain/catalogue.ts';
import { hasKafka, kafkaPlace, requireKafka } from '../support/kafka.ts';
import { type KafkaRecord, recordsOf } from '../support/kafka-records.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { mustAsk } from '../support/server-client.ts';
import { liveThrough, type Subject, TRUSTING } from './erasure-subject.ts';

requireKafka();

const CARRIED_MS_MAX = 20_000;

describe.runIf(hasKafka)('the records that a server leaves in Kafka', { timeout: 60_000 }, () => {
  const prefix = `export-${randomUUID()}`;
  const [broker = ''] = kafkaPlace.brokers;
  let server: TestServer;
  let subject: Subject;
  let records: readonly KafkaRecord[];

  const idsOf = (some: readonly KafkaRecord[]) => some.map(({ value }) => (JSON.parse(value) as { id: string }).id);

  /** Everything that the log holds now, and that may leave, is there. */
  async function carried(): Promise<readonly KafkaRecord[]> {
    const leaving: string[] = [];
    for await (const { id, stream } of server.kernel.store.readAll({ after: 'start' })) {
      if (!stream.startsWith('unq-')) leaving.push(id);
    }
    let found: readonly KafkaRecord[] = [];
    await vi.waitFor(
      async () => {
        found = await recordsOf(broker, (topic) => topic.startsWith(`${prefix}.`));
        expect(new Set(idsOf(found))).toEqual(new Set(leaving));
      },
      { timeout: CARRIED_MS_MAX, interval: 500 },
    );
    return found;
  }

  beforeAll(async () => {
    const kafka = {
      MUNIMENT_STREAM: `kafka://${broker}`,
      MUNIMENT_KAFKA_TOPIC_PREFIX: prefix,
      MUNIMENT_KAFKA_PARTITIONS: '2',
    };
    server = await startTestServer({ environment: { ...TRUSTING, ...kafka } });
    subject = await liveThrough(server);
    records = await carried();
  }, 60_000);
  afterAll(() => server.stop());

  it('are CloudEvents 1.0, keyed by stream, in the topic of their category', () => {
    const schema = z.object({
      specversion: z.literal('1.0'),
      id: z.uuid(),
      source: z.literal(`/muniment/logs/${server.kernel.store.identity}`),
      type: z.string().refine((type) => eventCatalogue.has(type)),
      time: z.iso.datetime(),
      position: z.string().regex(/^[0-9a-f]{16}\/[0-9a-f]{16}$/),
      stream: z.string(),
      revision: z.string().regex(/^\d+$/),
      tenant: z.uuid(),
      correlation: z.string(),
      causation: z.string(),
      data: z.record(z.string(), z.unknown()),
    });
    for (const { key, value, headers } of records) {
      const event = schema.parse(JSON.parse(value));
      expect(event.stream).toBe(key);
      expect(headers).toEqual({
        'content-type': 'application/cloudevents+json; charset=utf-8',
        correlation: event.correlation,
      });
    }
    const created = records.find(({ key, value }) => key === `user-${subject.id}` && value.includes('user.created'));
    expect(created?.topic).toBe(`${prefix}.identity.user`);
    expect(JSON.parse(created?.value ?? '')).toMatchObject({
      subject: subject.id,
      datasubject: subject.id,
      sealing: '1',
    });
  });

  it('[E40] [SEC-L5] hold nothing of a person in clear text', () => {
    const text = records.map(({ value }) => value.toLowerCase()).join('\n');
    for (const [what, planted] of Object.entries(subject.planted)) expect(text.includes(planted), what).toBe(false);
  });

  it('[SEC-K4] hold no password, token, secret or address of a caller, not even a sealed one', async () => {
    const sources: string[] = [];
    for await (const { meta } of server.kernel.store.readAll({ after: 'start' })) {
      if (meta.source !== undefined) sources.push(meta.source);
    }
    expect(sources).not.toEqual([]);
    const text = records.map(({ value }) => value).join('\n');
    const { access, refresh } = subject.tokens;
    const [, , signature = access] = access.split('.');
    for (const secret of [signature, refresh, subject.client.secret ?? refresh]) expect(text).not.toContain(secret);
    for (const source of sources) expect(text).not.toContain(source);
    const attributes = new Set(records.flatMap(({ value }) => Object.keys(JSON.parse(value) as object)));
    for (const kept of ['request', 'claims']) expect(attributes.has(kept)).toBe(false);
  });

  it('[SEC-L5] say that a person was erased, and what was carried before opens to nobody any more', async () => {
    await mustAsk(server, { method: 'POST', path: '/api/commands/EraseUser', body: { userId: subject.id } });
    const since = await vi.waitFor(
      async () => {
        const found = await carried();
        expect(found.some(({ value }) => value.includes('identity.user.erasure_verified.v1'))).toBe(true);
        return found;
      },
      { timeout: CARRIED_MS_MAX, interval: 500 },
    );
    const own = since.filter(({ key }) => key === `user-${subject.id}`);
    expect(own.some(({ value }) => value.includes('identity.user.erased.v1'))).toBe(true);
    const sealed = new Set(
      own.flatMap(({ value }) => [...value.matchAll(/"k":"([^"]+)"/g)].map(([, key = '']) => key)),
    );
    expect(sealed.size).toBeGreaterThan(0);
    const keys = await server.kernel.vault.dataKeys([...sealed]);
    for (const id of sealed) expect(keys.get(id)).toBe('destroyed');
  });

  it('show in the health of the server that they are relayed', async () => {
    const { json } = await mustAsk(server, { path: '/health/ready' });
    expect(json.checks.relay).toBe('up');
  });
});

describe('a server whose Kafka is away', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ environment: { MUNIMENT_STREAM: 'kafka://127.0.0.1:1' } });
  });
  afterAll(() => server.stop());

  it('serves, is ready, and says that its relay waits', async () => {
    await mustAsk(server, {
      method: 'POST',
      path: '/scim2/Users',
      body: { userName: 'someone', password: 'Secret-123!' },
    });
    await vi.waitFor(
      async () => {
        const { status, json } = await mustAsk(server, { path: '/health/ready' });
        expect([status, json.status, json.checks.relay]).toEqual([200, 'up', 'degraded']);
      },
      { timeout: 15_000, interval: 200 },
    );
  });
});
