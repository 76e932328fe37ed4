/** What the stream does, whatever carries it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventStore, RecordedEvent } from '../../infra/event-store/event-store.ts';
import { comparePositions } from '../../infra/event-store/position.ts';
import type { EventStream, StreamBatch } from '../../infra/stream/stream.ts';
import { collect, eventually, idsOf, newEvents, newStream } from '../support/event-store.ts';

export interface StreamPlace {
  readonly store: EventStore;
  /** One node's view. */
  open(): Promise<EventStream>;
  dispose(): Promise<void>;
}

const TEST_MS_MAX = 60_000;

const works = async (): Promise<void> => undefined;

interface Reader {
  readonly events: RecordedEvent[];
  stop(): Promise<void>;
}

export const streamContract = (name: string, make: () => Promise<StreamPlace>) =>
  describe(`stream contract: ${name}`, { timeout: TEST_MS_MAX }, () => {
    let place: StreamPlace;
    let stream: EventStream;
    const trouble: unknown[] = [];
    beforeEach(async () => {
      place = await make();
      stream = await place.open();
    });
    afterEach(async () => {
      await stream.close();
      await place.dispose();
    });

    async function emit(key: string, count: number): Promise<readonly RecordedEvent[]> {
      const events = newEvents(count);
      await place.store.append(key, 'any', events);
      const recorded = (await collect(place.store.readStream(key))).slice(-count);
      await stream.publisher?.publish(recorded);
      return recorded;
    }

    function read(group: string, handle: (batch: StreamBatch) => Promise<void> = works, from = stream): Reader {
      const events: RecordedEvent[] = [];
      const stopping = new AbortController();
      const following = from.follow({
        group,
        categories: ['user', 'role'],
        signal: stopping.signal,
        async handle(batch) {
          await handle(batch);
          events.push(...batch.events);
        },
        onTrouble: (error) => trouble.push(error),
      });
      return {
        events,
        async stop() {
          stopping.abort();
          await following;
        },
      };
    }

    it('hands over every event of the categories that a group follows, with what the log knows of it', async () => {
      const user = newStream('user');
      const carried = [...(await emit(user, 3)), ...(await emit(newStream('role'), 2))];
      await emit(newStream('app'), 1);
      const reader = read('one');
      await eventually(() => reader.events.length >= 5);
      const later = await emit(user, 1);
      await eventually(() => reader.events.length >= 6);
      await reader.stop();
      const sorted = reader.events.toSorted((a, b) => comparePositions(a.position, b.position));
      expect(sorted).toEqual([...carried, ...later]);
    });

    it('keeps the order of the log within a stream', async () => {
      const streams = Array.from({ length: 7 }, () => newStream('user'));
      for (let round = 0; round < 4; round += 1) for (const each of streams) await emit(each, 5);
      const reader = read('one');
      await eventually(() => reader.events.length >= 140);
      await reader.stop();
      for (const each of streams) {
        const revisions = reader.events.filter(({ stream: key }) => key === each).map(({ revision }) => revision);
        expect(revisions).toEqual(Array.from({ length: 20 }, (_, index) => BigInt(index)));
      }
    });

    it('gives each group everything, a later one from the beginning', async () => {
      const carried = await emit(newStream('user'), 4);
      const first = read('one');
      await eventually(() => first.events.length >= 4);
      const second = read('two');
      await eventually(() => second.events.length >= 4);
      await Promise.all([first.stop(), second.stop()]);
      expect(idsOf(first.events)).toEqual(idsOf(carried));
      expect(idsOf(second.events)).toEqual(idsOf(carried));
    });

    it('goes on behind the last effect after a stop, without a repeat', async () => {
      const user = newStream('user');
      await emit(user, 4);
      const before = read('one');
      await eventually(() => before.events.length >= 4);
      await before.stop();
      await stream.close();
      stream = await place.open();
      const more = await emit(user, 3);
      const after = read('one');
      await eventually(() => after.events.length >= 3);
      await after.stop();
      expect(idsOf(after.events)).toEqual(idsOf(more));
    });

    it('hands a batch over again whose effect failed, before what follows it', async () => {
      const carried = await emit(newStream('user'), 5);
      let failures = 0;
      const reader = read('one', async () => {
        failures += 1;
        if (failures <= 2) throw new Error('the effect failed');
      });
      await eventually(() => reader.events.length >= 5);
      await reader.stop();
      expect(idsOf(reader.events)).toEqual(idsOf(carried));
      expect(failures).toBeGreaterThanOrEqual(3);
    });

    it('ends when it is told to, also in the middle of an effect, and repeats what was cut off', async () => {
      const carried = await emit(newStream('user'), 2);
      let begun = false;
      const cutOff = read('one', async ({ signal }) => {
        begun = true;
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('cut off')), { once: true });
        });
      });
      await eventually(() => begun);
      await cutOff.stop();
      const reader = read('one');
      await eventually(() => reader.events.length >= 2);
      await reader.stop();
      expect(idsOf(reader.events)).toEqual(idsOf(carried));
    });

    it('shares the work between the readers of a group, and gives all of it to the one that is left', async () => {
      const other = await place.open();
      const streams = Array.from({ length: 8 }, () => newStream('user'));
      const [one, two] = [read('one'), read('one', undefined, other)];
      for (const each of streams) await emit(each, 3);
      await eventually(() => one.events.length + two.events.length >= 24);
      await two.stop();
      await other.close();
      for (const each of streams) await emit(each, 3);
      await eventually(() => new Set(idsOf([...one.events, ...two.events])).size >= 48);
      await one.stop();
      for (const each of streams) {
        const own = [...two.events, ...one.events].filter(({ stream: key }) => key === each);
        expect(new Set(own.map(({ revision }) => revision))).toEqual(new Set([0n, 1n, 2n, 3n, 4n, 5n]));
      }
    });

    it('says how it is', async () => {
      expect((await stream.health()).ok).toBe(true);
    });
  });
