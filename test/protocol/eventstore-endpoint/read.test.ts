/** What readers get. */

import { EventStoreDBClient, eventTypeFilter, START } from '@eventstore/db-client';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../domain/json.ts';
import {
  type EndpointOptions,
  type EventStoreEndpoint,
  openEventStoreEndpoint,
} from '../../../protocol/eventstore-endpoint/endpoint.ts';
import {
  type AskOptions,
  askPort,
  EMPTY,
  filterBy,
  fromAll,
  fromStream,
  type Options,
  positionsOf,
  typesOf,
} from '../../support/bare-eventstore-client.ts';
import { newEvent, newEvents, newStream } from '../../support/event-store.ts';
import { type EmbeddedUnderTest, embeddedUnderTest } from '../../support/event-store-embedded.ts';
import { urlOf } from '../../support/event-store-esdb.ts';

let log: EmbeddedUnderTest;
let endpoint: EventStoreEndpoint;
let faults: unknown[];
beforeEach(async () => {
  log = await embeddedUnderTest();
  faults = [];
});
afterEach(async () => {
  await endpoint.close();
  await log.dispose();
});

async function serve(options: Partial<EndpointOptions> = {}): Promise<EventStoreEndpoint> {
  endpoint = await openEventStoreEndpoint({
    log: log.store.stored,
    onFault: (error) => faults.push(error),
    ...options,
  });
  return endpoint;
}

const ask = (shape: (options: Options) => void, options?: AskOptions) => askPort(endpoint.port, shape, options);

describe('reading', () => {
  it('shows the events of the system, at positions from one', async () => {
    await serve();
    const stream = newStream('session');
    await log.store.append(stream, 'no-stream', newEvents(2));
    await log.store.setRetention(stream, { maxCount: 1 });
    const all = await ask((options) => fromAll(options));
    expect(typesOf(all)).toEqual(['test.thing.happened.v1', 'test.thing.happened.v1', '$metadata']);
    expect(positionsOf(all)).toEqual(['1', '2', '3']);
    const event = all[2]?.getEvent()?.getEvent();
    expect(Buffer.from(event?.getData_asU8() ?? []).toString()).toBe('{"$maxCount":1}');
    expect([event?.getCommitPosition(), event?.getPreparePosition()]).toEqual(['3', '3']);
    expect(typesOf(await ask((options) => fromStream(options, `$$${stream}`)))).toEqual(['$metadata']);
    expect(await ask((options) => fromStream(options, stream))).toHaveLength(1);
  });

  it('serves personal data as it is stored, sealed', async () => {
    await serve();
    const sealed: JsonObject = { name: { $enc: '1', k: 'key-1', n: 'bm9uY2U', c: 'Y2lwaGVy' }, count: 1.5 };
    const stream = newStream();
    const event = newEvent({ data: sealed });
    await log.store.append(stream, 'no-stream', [event]);
    const [read] = await ask((options) => fromStream(options, stream));
    const recorded = read?.getEvent()?.getEvent();
    expect(Buffer.from(recorded?.getData_asU8() ?? []).toString()).toBe(JSON.stringify(sealed));
    expect(Buffer.from(recorded?.getCustomMetadata_asU8() ?? []).toString()).toBe(JSON.stringify(event.meta));
  });

  it('begins with the event at a position forward, and before it backward', async () => {
    await serve();
    await log.store.append(newStream(), 'no-stream', newEvents(5));
    const backward = (options: Options) => options.setReadDirection(1);
    expect(positionsOf(await ask((options) => fromAll(options, 3n)))).toEqual(['3', '4', '5']);
    expect(
      positionsOf(
        await ask((options) => {
          fromAll(options, 3n);
          backward(options);
        }),
      ),
    ).toEqual(['2', '1']);
    expect(await ask((options) => fromAll(options, 'end'))).toEqual([]);
    expect(
      positionsOf(
        await ask((options) => {
          fromAll(options, 2n ** 64n - 1n);
          backward(options);
          options.setCount('2');
        }),
      ),
    ).toEqual(['5', '4']);
  });

  it('gives ids in halves to who asks for them so, and tells the end of a stream', async () => {
    await serve();
    const stream = newStream();
    const [event] = newEvents(1);
    await log.store.append(stream, 'no-stream', [event ?? newEvent(), ...newEvents(2)]);
    const messages = await ask((options) => {
      fromStream(options, stream);
      options.setUuidOption(new streams.ReadReq.Options.UUIDOption().setStructured(EMPTY));
      options.setControlOption(new streams.ReadReq.Options.ControlOption().setCompatibility(1));
    });
    const halves = messages[0]?.getEvent()?.getEvent()?.getId()?.getStructured();
    const hex = [halves?.getMostSignificantBits(), halves?.getLeastSignificantBits()]
      .map((half) =>
        BigInt.asUintN(64, BigInt(half ?? 0))
          .toString(16)
          .padStart(16, '0'),
      )
      .join('');
    expect(hex).toBe(event?.id.replaceAll('-', ''));
    expect(messages.at(-1)?.getLastStreamPosition()).toBe('2');
  });

  it.each<[string, (options: Options) => void]>([
    ['no place', () => undefined],
    [
      'a filter on one stream',
      (options) => {
        fromStream(options, 'user-1');
        filterBy(options, (expression) => expression.setRegex('x'));
      },
    ],
    [
      'a subscription that goes backward',
      (options) => {
        fromAll(options);
        options.setReadDirection(1);
        options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions());
      },
    ],
    [
      'no form of ids',
      (options) => {
        fromAll(options);
        options.clearUuidOption();
      },
    ],
    [
      'an expression that cannot be read',
      (options) => {
        fromAll(options);
        filterBy(options, (expression) => expression.setRegex('(('));
      },
    ],
    [
      'a filter of more beginnings than are allowed',
      (options) => {
        fromAll(options);
        filterBy(options, (expression) => expression.setPrefixList(Array.from({ length: 101 }, (_, i) => `p${i}-`)));
      },
    ],
  ])('refuses %s', async (_, shape) => {
    await serve();
    await expect(ask(shape)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(faults).toEqual([]);
  });
});

describe('filtering', () => {
  it('takes the expressions that clients use', async () => {
    await serve();
    await log.store.append(newStream('user'), 'no-stream', newEvents(1));
    await log.store.append(newStream('org'), 'no-stream', newEvents(1));
    const found = async (regex: string) =>
      (
        await ask((options) => {
          fromAll(options);
          filterBy(options, (expression) => expression.setRegex(regex));
        })
      ).length;
    expect(await found('^user-')).toBe(1);
    expect(await found('^[^$].*')).toBe(2);
    expect(await found('^(?!org-).*$')).toBe(1);
  });

  it('stops an expression that would never end, and lives on', async () => {
    await serve();
    await log.store.append(`user-${'a'.repeat(100)}`, 'no-stream', newEvents(1));
    const start = performance.now();
    await expect(
      ask((options) => {
        fromAll(options);
        filterBy(options, (expression) => expression.setRegex('(a+)+$b'));
      }),
    ).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: 'the regular expression takes too long' });
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(await ask((options) => fromAll(options))).toHaveLength(1);
  });

  it('tells a subscription how far it has come', async () => {
    await serve();
    for (let index = 0; index < 10; index += 1) await log.store.append(newStream(), 'no-stream', newEvents(50));
    const client = EventStoreDBClient.connectionString(urlOf(endpoint.port));
    const reached: bigint[] = [];
    const subscription = client.subscribeToAll({
      fromPosition: START,
      filter: eventTypeFilter({
        prefixes: ['test.rare'],
        maxSearchWindow: 50,
        checkpointInterval: 2,
        checkpointReached: async (_, { commit }) => void reached.push(commit),
      }),
    });
    await new Promise((resolve) => subscription.on('caughtUp', () => resolve(null)).resume());
    await subscription.unsubscribe();
    await client.dispose();
    expect(reached).toEqual([100n, 200n, 300n, 400n, 500n, 500n]);
  });
});
