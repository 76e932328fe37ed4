/** Appends to several streams, as the newest official client sends them. */
import { type AppendStreamRequest, binaryEvent, jsonEvent, KurrentDBClient } from '@kurrent/kurrentdb-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStream } from '../../support/event-store.ts';
import { type EndpointProcessInFolder, endpointProcessInFolder } from '../../support/eventstore-endpoint-process.ts';

let server: EndpointProcessInFolder;
let client: KurrentDBClient;
beforeAll(async () => {
  server = await endpointProcessInFolder();
  client = KurrentDBClient.connectionString(`kurrentdb://127.0.0.1:${server.port}?tls=false`);
});
afterAll(async () => {
  await client.dispose();
  await server.dispose();
});

const happened = (text = 'Grüße') =>
  jsonEvent({ type: 'test.thing.happened.v1', data: { text }, metadata: { who: 'me', count: '1' } });
const record = (streamName: string, event = happened()) => ({ streamName, record: event });
const part = (
  streamName: string,
  expectedState: AppendStreamRequest['expectedState'],
  events = [happened()],
): AppendStreamRequest => ({ streamName, expectedState, events });

async function read(stream: string) {
  const events = [];
  for await (const { event } of client.readStream(stream)) if (event !== undefined) events.push(event);
  return events;
}

describe('an append session', () => {
  it('[E44] writes several streams, or none', async () => {
    const [a, b] = [newStream(), newStream('org')];
    const parts = [part(a, 'no_stream', [happened(), happened()]), part(b, 'no_stream')];
    const { responses, position } = await client.multiStreamAppend(parts);
    expect(responses).toEqual([
      { streamName: a, revision: 1n },
      { streamName: b, revision: 0n },
    ]);
    const [stored] = await read(b);
    expect(stored).toMatchObject({ data: { text: 'Grüße' }, metadata: { who: 'me', count: '1' }, isJson: true });
    expect(stored?.position?.commit).toBe(position);

    await expect(client.multiStreamAppend([part(a, 1n), part(b, 5n)])).rejects.toMatchObject({
      type: 'wrong-expected-version',
      streamName: b,
      expectedState: 5n,
      actualState: 0n,
    });
    await expect(client.multiStreamAppend([part(newStream(), 'stream_exists')])).rejects.toMatchObject({
      type: 'wrong-expected-version',
      expectedState: 'stream_exists',
      actualState: 'no_stream',
    });
    expect(await read(a)).toHaveLength(2);
  });

  it('[E44] that is repeated answers as it did; one that is repeated in part is refused', async () => {
    const [a, b] = [newStream(), newStream()];
    const parts = [part(a, 'no_stream'), part(b, 'no_stream')];
    const first = await client.multiStreamAppend(parts);
    expect(await client.multiStreamAppend(parts)).toEqual(first);
    const mixed = [parts[0] ?? part(a, 'any'), part(newStream(), 'no_stream')];
    await expect(client.multiStreamAppend(mixed)).rejects.toMatchObject({
      type: 'wrong-expected-version',
      streamName: a,
    });
  });

  it('[E44] names a stream once, whatever its case, and is refused for a tombstoned one', async () => {
    const stream = newStream();
    await expect(client.multiStreamAppend([part(stream, 'any'), part(stream.toUpperCase(), 'any')])).rejects.toThrow(
      'once',
    );
    await client.appendToStream(stream, happened());
    await client.tombstoneStream(stream);
    await expect(client.multiStreamAppend([part(stream, 'any')])).rejects.toMatchObject({
      type: 'stream-tombstoned',
      stream,
    });
  });

  it('[E44] tells which limit it breaks', async () => {
    const stream = newStream();
    await expect(
      client.multiStreamAppend([part(stream, 'any', [happened('x'.repeat(1_048_576))])]),
    ).rejects.toMatchObject({ type: 'append-record-size-exceeded', stream, maxSize: 1_048_576 });
    const many = [happened('x'.repeat(600_000)), happened('x'.repeat(600_000))];
    await expect(client.multiStreamAppend([part(stream, 'any', many)])).rejects.toMatchObject({
      type: 'transaction-max-size-exceeded',
      maxSize: 1_048_576,
    });
  });
});

describe('appending records', () => {
  it('[E44] keeps their order over streams in the log', async () => {
    const [a, b] = [newStream(), newStream()];
    const events = Array.from({ length: 5 }, () => happened());
    const order = [a, b, a, a, b];
    const records = order.map((stream, index) => record(stream, events[index]));
    const { responses, position } = await client.appendRecords(records);
    expect(responses).toEqual([
      { streamName: a, revision: 2n },
      { streamName: b, revision: 1n },
    ]);
    const seen: (string | undefined)[] = [];
    const fromPosition = { commit: position - 4n, prepare: position - 4n };
    for await (const { event } of client.readAll({ fromPosition, maxCount: 5 })) seen.push(event?.id);
    expect(seen).toEqual(events.map(({ id }) => id));
  });

  it('[E44] checks streams that it does not write, and tells of all that are elsewhere', async () => {
    const [written, checked, absent, deleted] = [newStream(), newStream(), newStream(), newStream()];
    await client.appendToStream(checked, [happened(), happened()]);
    await client.appendToStream(deleted, happened());
    await client.deleteStream(deleted);
    const good = [
      { streamName: checked, expectedState: 1n },
      { streamName: absent, expectedState: 'no_stream' as const },
    ];
    const accepted = await client.appendRecords(
      [record(written)],
      good.map((one) => ({ type: 'stream_state', ...one })),
    );
    expect(accepted.responses).toEqual([{ streamName: written, revision: 0n }]);

    const bad = [
      { streamName: written, expectedState: 0n },
      { streamName: checked, expectedState: 7n },
      { streamName: absent, expectedState: 'stream_exists' as const },
      { streamName: deleted, expectedState: 'stream_exists' as const },
    ];
    await expect(
      client.appendRecords(
        [record(written)],
        bad.map((one) => ({ type: 'stream_state', ...one })),
      ),
    ).rejects.toMatchObject({
      type: 'append-consistency-violation',
      violations: [
        { checkIndex: 1, streamName: checked, expectedState: 7n, actualState: 1n },
        { checkIndex: 2, streamName: absent, expectedState: 'stream_exists', actualState: 'no_stream' },
        { checkIndex: 3, streamName: deleted, expectedState: 'stream_exists', actualState: -5n },
      ],
    });
    expect(await read(written)).toHaveLength(1);
  });

  it('[E44] takes bytes as they are, and says in the metadata that they are no JSON', async () => {
    const stream = newStream();
    const picture = binaryEvent({ type: 'Picture', data: Uint8Array.of(0, 255, 1) });
    await client.appendRecords([record(stream, picture as never)]);
    const [stored] = await read(stream);
    expect(stored).toMatchObject({ isJson: false, metadata: { '$schema.format': 'Bytes' } });
    expect(Buffer.from(stored?.data as Uint8Array)).toEqual(Buffer.of(0, 255, 1));
  });
});
