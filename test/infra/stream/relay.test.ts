import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedLeases } from '../../../infra/lease/embedded/embedded-leases.ts';
import type { Leases } from '../../../infra/lease/lease.ts';
import { carriedTypes } from '../../../infra/stream/carried.ts';
import { type Relay, startRelay } from '../../../infra/stream/relay.ts';
import { noTelemetry } from '../../../infra/telemetry/no-telemetry.ts';
import type { Metric } from '../../../infra/telemetry/telemetry.ts';
import { openEmbeddedTransientStore } from '../../../infra/transient-store/embedded/embedded-transient-store.ts';
import type { TransientStore } from '../../../infra/transient-store/transient-store.ts';
import { collect, eventually, idsOf, newEvents, newStream } from '../../support/event-store.ts';
import { type EmbeddedUnderTest, embeddedUnderTest } from '../../support/event-store-embedded.ts';
import { RecordingPublisher } from '../../support/recording-publisher.ts';

const PACE = { holdMs: 400, marginMs: 100, beatMs: 60, pollMs: 40 };
const TYPE = 'test.thing.happened.v1';

describe('the relay', () => {
  let log: EmbeddedUnderTest;
  let transient: TransientStore;
  let leases: Leases[];
  const running: Relay[] = [];
  const gauges = new Map<string, () => number | Promise<number>>();
  beforeEach(async () => {
    log = await embeddedUnderTest();
    transient = await openEmbeddedTransientStore({ directory: log.directory, clock: Date.now });
    leases = [];
  });
  afterEach(async () => {
    for (const relay of running.splice(0)) await relay.stop();
    for (const each of leases) await each.close();
    await transient.close();
    await log.dispose();
  });

  function start(publisher: RecordingPublisher, destination = 'test'): Relay {
    const own = openEmbeddedLeases({ directory: log.directory, pace: PACE });
    leases.push(own);
    const { store } = log;
    const carries = carriedTypes([TYPE]);
    const telemetry = {
      ...noTelemetry,
      gauge: ({ name }: Metric, read: () => number | Promise<number>) => void gauges.set(name, read),
    };
    const relay = startRelay({
      store,
      publisher,
      destination,
      transient,
      leases: own,
      carries,
      clock: Date.now,
      telemetry,
    });
    running.push(relay);
    return relay;
  }
  const append = (count: number, key = newStream('user')) => log.store.append(key, 'any', newEvents(count));
  const lagS = async () => await gauges.get('muniment_relay_lag_seconds')?.();
  const ids = async () => idsOf(await collect(log.store.readAll({ after: 'start' })));

  it('publishes the whole log in its order, and what comes later', async () => {
    await append(300);
    const publisher = new RecordingPublisher();
    start(publisher);
    await eventually(() => publisher.events.length === 300);
    await append(5);
    await eventually(() => publisher.events.length === 305);
    expect(idsOf(publisher.events)).toEqual(await ids());
  });

  it('goes on at its checkpoint when it is started again', async () => {
    await append(10);
    const publisher = new RecordingPublisher();
    const first = start(publisher);
    await eventually(() => publisher.events.length === 10);
    await first.stop();
    await append(4);
    start(publisher);
    await eventually(() => publisher.events.length === 14);
    expect(idsOf(publisher.events)).toEqual(await ids());
  });

  it('carries the whole log to a new destination', async () => {
    await append(10);
    const [former, next] = [new RecordingPublisher(), new RecordingPublisher()];
    const first = start(former);
    await eventually(() => former.events.length === 10);
    await first.stop();
    start(next, 'another');
    await eventually(() => next.events.length === 10);
    expect(idsOf(next.events)).toEqual(await ids());
  });

  it('waits out a stream that is away, says so, and then goes on in order without a loss', async () => {
    const publisher = new RecordingPublisher();
    publisher.state = 'away';
    const relay = start(publisher);
    await append(3);
    await eventually(() => publisher.attempts > 1);
    expect(relay.health()).toEqual({ ok: false, detail: 'the broker is away' });
    await append(400);
    expect(await lagS()).toBeGreaterThan(0);
    publisher.state = 'there';
    await eventually(() => publisher.events.length === 403);
    await eventually(async () => (await lagS()) === 0);
    expect(relay.health()).toEqual({ ok: true, detail: 'relaying' });
    expect(idsOf(publisher.events)).toEqual(await ids());
  });

  it('repeats what was not acknowledged, before anything later', async () => {
    const publisher = new RecordingPublisher();
    publisher.state = 'deaf';
    start(publisher);
    await append(3);
    await eventually(() => publisher.attempts > 1);
    publisher.state = 'there';
    await append(2);
    await eventually(() => new Set(idsOf(publisher.events)).size === 5);
    const firstSeen = [...new Set(idsOf(publisher.events))];
    expect(firstSeen).toEqual(await ids());
  });

  it('runs in one process at a time, and in another once that has ended', async () => {
    const [one, two] = [new RecordingPublisher(), new RecordingPublisher()];
    const first = start(one);
    await append(1);
    await eventually(() => one.events.length === 1);
    const second = start(two);
    await append(3);
    await eventually(() => one.events.length === 4);
    expect(second.health()).toEqual({ ok: true, detail: 'another process relays' });
    await first.stop();
    await append(2);
    await eventually(() => two.events.length === 2);
    expect(idsOf([...one.events, ...two.events])).toEqual(await ids());
  });

  it('keeps at home what the catalogue does not know, and the blind indexes of unique values', async () => {
    const publisher = new RecordingPublisher();
    start(publisher);
    await log.store.append(newStream('user'), 'any', newEvents(2, { type: 'foreign.thing.happened.v1' }));
    await log.store.append(newStream('unq'), 'any', newEvents(2));
    const user = newStream('user');
    await append(1, user);
    await log.store.append(user, 'any', newEvents(1, { type: 'test.thing.happened.v2' }));
    await eventually(() => publisher.events.length === 2);
    expect(publisher.events.map(({ stream, type }) => [stream, type])).toEqual([
      [user, TYPE],
      [user, 'test.thing.happened.v2'],
    ]);
  });
});
