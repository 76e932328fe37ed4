/** What the endpoint offers, to whom, and how it stops. */

import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { credentials, Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndpointCaller, Grant } from '../../../protocol/eventstore-endpoint/authorize.ts';
import {
  type EndpointOptions,
  type EventStoreEndpoint,
  openEventStoreEndpoint,
} from '../../../protocol/eventstore-endpoint/endpoint.ts';
import {
  type AskOptions,
  askPort,
  bareClient,
  EMPTY,
  filterBy,
  fromAll,
  type Options,
  subscribeOn,
} from '../../support/bare-eventstore-client.ts';
import { eventually, newEvents, newStream } from '../../support/event-store.ts';
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

describe('what it offers', () => {
  const features = () => {
    const client = new featuresService.ServerFeaturesClient(`127.0.0.1:${endpoint.port}`, credentials.createInsecure());
    return new Promise<SupportedMethods>((resolve, reject) => {
      client.getSupportedMethods(EMPTY, (error, methods) => {
        client.close();
        if (error === null) resolve(methods);
        else reject(error);
      });
    });
  };
  const names = (methods: SupportedMethods) =>
    methods.getMethodsList().map((method) => `${method.getServiceName()}/${method.getMethodName()}`);

  it('is reading alone, unless it is told otherwise', async () => {
    await serve();
    expect(names(await features()).filter((name) => name.includes('streams'))).toEqual([
      'event_store.client.streams.streams/read',
    ]);
    const client = EventStoreDBClient.connectionString(urlOf(endpoint.port));
    const event = jsonEvent({ type: 'test.thing.happened.v1', data: {} });
    await expect(client.appendToStream(newStream(), event)).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    await expect(client.deleteStream('user-1')).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    await expect(client.tombstoneStream('user-1')).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    await client.dispose();
    expect(await log.store.head()).toBeNull();
  });

  it('names the methods that it has', async () => {
    await serve({ writable: true });
    const methods = await features();
    expect(methods.getEventStoreServerVersion()).toBe('26.1.0');
    expect(names(methods)).toContain('event_store.client.streams.streams/batchappend');
  });
});

describe('accounts', () => {
  const account = (user: string, password: string) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
    return metadata;
  };
  const authorize = ({ user, password }: EndpointCaller): Grant | null =>
    password === 'right' && user === 'auditor' ? { role: 'reader', holds: () => true } : null;
  const readAll = (metadata: Metadata) => ask((options) => fromAll(options), { metadata });

  it('are needed to read where there are any', async () => {
    await serve({ authorize });
    await log.store.append(newStream(), 'no-stream', newEvents(1));
    await expect(readAll(new Metadata())).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    await expect(readAll(account('auditor', 'wrong'))).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    const bearer = new Metadata();
    bearer.set('authorization', 'Bearer right');
    await expect(readAll(bearer)).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    expect(await readAll(account('auditor', 'right'))).toHaveLength(1);
  });

  it('of readers change nothing', async () => {
    await serve({ authorize, writable: true });
    const stream = newStream();
    await log.store.append(stream, 'no-stream', newEvents(1));
    const client = bareClient(endpoint.port);
    const identifier = new shared.StreamIdentifier();
    identifier.setStreamName(Buffer.from(stream));
    const removal = new streams.TombstoneReq.Options().setStreamIdentifier(identifier).setAny(EMPTY);
    const answer = new Promise((resolve, reject) => {
      const request = new streams.TombstoneReq().setOptions(removal);
      client.tombstone(request, account('auditor', 'right'), (error) =>
        error === null ? resolve(null) : reject(error),
      );
    });
    await expect(answer).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    client.close();
    expect(await log.store.streamInfo(stream)).toMatchObject({ state: 'present' });
  });

  it('that cannot be looked up are a fault, of which the client hears nothing', async () => {
    const broken = new Error('the account store is at /secret/place');
    await serve({ authorize: () => Promise.reject(broken) });
    await expect(readAll(account('auditor', 'right'))).rejects.toMatchObject({
      code: status.UNKNOWN,
      details: 'The server failed.',
    });
    expect(faults).toEqual([broken]);
  });
});

describe('subscriptions', () => {
  let open: number;
  const observe = {
    subscriptions(now: number) {
      open = now;
    },
    sent: () => undefined,
    readEnded: () => undefined,
  };
  beforeEach(() => {
    open = 0;
  });

  it('are limited altogether, and a place that becomes free is given again', async () => {
    await serve({ limits: { perConnection: 5, total: 2 }, observe });
    const client = bareClient(endpoint.port);
    const calls = [subscribeOn(client), subscribeOn(client)];
    await eventually(() => open === 2);
    expect(await subscribeOn(client).ended).toBe(status.RESOURCE_EXHAUSTED);
    for (const call of calls) call.cancel();
    await eventually(() => open === 0);
    subscribeOn(client);
    await eventually(() => open === 1);
    client.close();
  });

  it('are limited on one connection, and not on another', async () => {
    await serve({ limits: { perConnection: 1, total: 10 }, observe });
    const [first, second] = [bareClient(endpoint.port), bareClient(endpoint.port)];
    subscribeOn(first);
    await eventually(() => open === 1);
    expect(await subscribeOn(first).ended).toBe(status.RESOURCE_EXHAUSTED);
    subscribeOn(second);
    await eventually(() => open === 2);
    first.close();
    second.close();
  });
});

describe('requests', () => {
  it('that are larger than a reader needs are refused', async () => {
    await serve();
    const read = ask((options) => {
      fromAll(options);
      filterBy(options, (expression) => expression.setRegex('x'.repeat(300_000)));
    });
    await expect(read).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });
});

describe('stopping', () => {
  it('ends subscriptions so that clients come again', async () => {
    await serve();
    const begun = Promise.withResolvers<void>();
    const subscribing = ask(
      (options) => {
        fromAll(options);
        options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions());
      },
      { onMessage: begun.resolve },
    );
    const ended = expect(subscribing).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await begun.promise;
    const start = performance.now();
    await endpoint.close();
    await ended;
    expect(performance.now() - start).toBeLessThan(1_500);
  });
});
