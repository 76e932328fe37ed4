/** What the official clients for Node must be able to do, used as their users use them. */
import type * as eventStore from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStream } from '../../support/event-store.ts';
import { type EndpointProcessInFolder, endpointProcessInFolder } from '../../support/eventstore-endpoint-process.ts';

type Library = typeof eventStore;
type Expected = bigint | 'no_stream' | 'any';

export interface OfficialClient {
  readonly name: string;
  /** The others have the same methods, and types of their own. */
  readonly library: Library;
  readonly connect: (url: string) => eventStore.EventStoreDBClient;
  /** What an append calls the revision it expects. */
  readonly expecting: (expected: Expected) => object;
  /** How an error tells of revisions. */
  readonly revisions: (expected: Expected, actual: Expected) => object;
}

async function collectRead(read: AsyncIterable<eventStore.ResolvedEvent>): Promise<eventStore.ResolvedEvent[]> {
  const all: eventStore.ResolvedEvent[] = [];
  for await (const event of read) all.push(event);
  return all;
}

export function officialClientContract({ name, library, connect, expecting, revisions }: OfficialClient): void {
  describe(name, () => {
    const { jsonEvent, binaryEvent, START, END, BACKWARDS, FORWARDS } = library;
    let server: EndpointProcessInFolder;
    let client: eventStore.EventStoreDBClient;
    beforeAll(async () => {
      server = await endpointProcessInFolder();
      client = connect(`127.0.0.1:${server.port}?tls=false`);
    });
    afterAll(async () => {
      await client.dispose();
      await server.dispose();
    });

    const events = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        jsonEvent({ type: 'test.thing.happened.v1', data: { index, text: 'Grüße 世界' }, metadata: { who: 'me' } }),
      );

    it('[E44] appends and reads both ways, in the words that were written', async () => {
      const stream = newStream();
      const written = [...events(2), binaryEvent({ type: 'Picture', data: Uint8Array.of(0, 255, 1) })];
      const appended = await client.appendToStream(stream, written, expecting('no_stream'));
      expect(appended).toMatchObject({ success: true, nextExpectedRevision: 2n });

      const read = await collectRead(client.readStream(stream, { direction: FORWARDS, fromRevision: START }));
      expect(read.map(({ event }) => [event?.id, event?.type, event?.revision, event?.isJson])).toEqual([
        [written[0]?.id, 'test.thing.happened.v1', 0n, true],
        [written[1]?.id, 'test.thing.happened.v1', 1n, true],
        [written[2]?.id, 'Picture', 2n, false],
      ]);
      expect(read[0]?.event).toMatchObject({
        data: { index: 0, text: 'Grüße 世界' },
        metadata: { who: 'me' },
        streamId: stream,
      });
      expect([...((read[2]?.event?.data ?? []) as Uint8Array)]).toEqual([0, 255, 1]);
      expect(Math.abs((read[0]?.event?.created.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);

      const backward = client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 2 });
      expect((await collectRead(backward)).map(({ event }) => event?.revision)).toEqual([2n, 1n]);
    });

    it('[E44] refuses a wrong revision and says which one is right', async () => {
      const stream = newStream();
      await client.appendToStream(stream, events(3));
      await expect(client.appendToStream(stream, events(1), expecting(1n))).rejects.toMatchObject({
        type: 'wrong-expected-version',
        streamName: stream,
        ...revisions(1n, 2n),
      });
      await expect(client.appendToStream(newStream(), events(1), expecting(5n))).rejects.toMatchObject({
        ...revisions(5n, 'no_stream'),
      });
      await expect(client.deleteStream(stream, { expectedRevision: 0n })).rejects.toMatchObject({
        type: 'wrong-expected-version',
        streamName: stream,
        ...revisions(0n, 2n),
      });
    });

    it('[E44] says that a stream is not there', async () => {
      const stream = newStream();
      await expect(collectRead(client.readStream(stream))).rejects.toMatchObject({
        type: 'stream-not-found',
        streamName: stream,
      });
    });

    it('[E44] reads the whole log both ways', async () => {
      const stream = newStream();
      const { position } = await client.appendToStream(stream, events(3));
      const all = await collectRead(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 3 }));
      expect(all.map(({ event }) => [event?.streamId, event?.revision])).toEqual([2n, 1n, 0n].map((r) => [stream, r]));
      expect(all[0]?.event?.position).toEqual(position);
      const from = all[1]?.event?.position as eventStore.Position;
      const forward = await collectRead(client.readAll({ direction: FORWARDS, fromPosition: from }));
      expect(forward.map(({ event }) => event?.revision)).toEqual([1n, 2n]);
    });

    it('[E44] follows by a filter, and goes on live', async () => {
      const category = 'live';
      const before = newStream(category);
      await client.appendToStream(before, events(2));
      const filter = library.streamNameFilter({ prefixes: [`${category}-`] });
      const subscription = client.subscribeToAll({ fromPosition: START, filter });
      const seen: (string | undefined)[] = [];
      for await (const { event } of subscription) {
        seen.push(event?.streamId);
        if (seen.length === 2) {
          await client.appendToStream(newStream(), events(2));
          await client.appendToStream(before, events(1));
        }
        if (seen.length === 3) break;
      }
      await subscription.unsubscribe();
      expect(seen).toEqual([before, before, before]);
    });

    it('[E44] follows one stream', async () => {
      const stream = newStream();
      await client.appendToStream(stream, events(2));
      const subscription = client.subscribeToStream(stream, { fromRevision: 0n });
      const seen: (bigint | undefined)[] = [];
      for await (const { event } of subscription) {
        seen.push(event?.revision);
        if (seen.length === 1) await client.appendToStream(stream, events(1));
        if (seen.length === 2) break;
      }
      await subscription.unsubscribe();
      expect(seen).toEqual([1n, 2n]);
    });

    it('[E44] sets the metadata of a stream, and hides by it', async () => {
      const stream = newStream();
      await client.appendToStream(stream, events(3));
      await client.setStreamMetadata(stream, { maxCount: 1, team: 'blue' });
      const { metadata } = await client.getStreamMetadata(stream);
      expect(metadata).toMatchObject({ maxCount: 1, team: 'blue' });
      const read = await collectRead(client.readStream(stream));
      expect(read.map(({ event }) => event?.revision)).toEqual([2n]);
    });

    it('[E44] deletes a stream softly, and for ever', async () => {
      const stream = newStream();
      await client.appendToStream(stream, events(2));
      await client.deleteStream(stream, { expectedRevision: 1n });
      await expect(collectRead(client.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
      const again = await client.appendToStream(stream, events(1), expecting(1n));
      expect(again.nextExpectedRevision).toBe(2n);
      await client.tombstoneStream(stream, { expectedRevision: 2n });
      await expect(collectRead(client.readStream(stream))).rejects.toMatchObject({
        type: 'stream-deleted',
        streamName: stream,
      });
      await expect(client.appendToStream(stream, events(1))).rejects.toMatchObject({
        type: 'stream-deleted',
        streamName: stream,
      });
    });

    it('[E44] refuses an append that is too large, and names the limit', async () => {
      const event = jsonEvent({ type: 'test.thing.happened.v1', data: { text: 'x'.repeat(1_048_576) } });
      const credentials = { username: 'ops', password: 'secret' };
      for (const options of [{}, { credentials }]) {
        await expect(client.appendToStream(newStream(), event, options)).rejects.toMatchObject({
          type: 'maximum-append-size-exceeded',
          maxAppendSize: 1_048_576,
        });
      }
    });

    it('[E44] appends one by one with credentials of the call', async () => {
      const stream = newStream();
      const credentials = { username: 'ops', password: 'secret' };
      const appended = await client.appendToStream(stream, events(2), { credentials });
      expect(appended.nextExpectedRevision).toBe(1n);
      await expect(client.appendToStream(stream, events(1), { credentials, ...expecting(0n) })).rejects.toMatchObject({
        type: 'wrong-expected-version',
        ...revisions(0n, 1n),
      });
    });
  });
}
