/** The messages of the protocol over a connection of the client library, which itself hands out events parsed. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc, { type StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams, { type AppendReq, type AppendResp, type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { CallOptions, Metadata } from '@grpc/grpc-js';
import type { Revision } from '../event-store.ts';
import type { StoredItem } from '../log-copy/log-side.ts';
import { driverFailure } from './client-failure.ts';
import { DriverFailure } from './driver.ts';

/** What the library keeps from its users: calls with its own addresses, certificates and credentials. */
export interface RawClient {
  execute<T>(client: unknown, name: string, work: (client: StreamsClient) => T | Promise<T>): Promise<T>;
  callArguments(options: object, call?: { readonly deadline: number }): [Metadata, CallOptions];
}

const EMPTY = new shared.Empty();
const TICKS_PER_MS = 10_000n;

export type RawRead =
  | { readonly all: true }
  | { readonly all: 'last' }
  | { readonly stream: string; readonly last: true };

/** Throws `DriverFailure`. A stream that does not exist is empty. */
export async function* readRaw(client: RawClient, read: RawRead): AsyncGenerator<StoredItem> {
  const request = readRequest(read);
  const call = await client.execute(streamsGrpc.StreamsClient, 'copy', (stub) =>
    stub.read(request, ...client.callArguments({}, { deadline: Number.POSITIVE_INFINITY })),
  );
  try {
    for await (const response of call) {
      const recorded = (response as ReadResp).getEvent()?.getEvent();
      if (recorded !== undefined) yield storedItem(recorded);
    }
  } catch (error) {
    throw driverFailure(error);
  } finally {
    call.cancel();
  }
}

function readRequest(read: RawRead): InstanceType<typeof streams.ReadReq> {
  const backward = !('all' in read) || read.all === 'last';
  const options = new streams.ReadReq.Options();
  if ('all' in read) {
    const all = new streams.ReadReq.Options.AllOptions();
    options.setAll(backward ? all.setEnd(EMPTY) : all.setStart(EMPTY));
  } else {
    const stream = new streams.ReadReq.Options.StreamOptions();
    options.setStream(stream.setStreamIdentifier(identifier(read.stream)).setEnd(EMPTY));
  }
  options.setReadDirection(backward ? 1 : 0);
  options.setCount('all' in read ? String(Number.MAX_SAFE_INTEGER) : '1');
  options.setResolveLinks(false).setNoFilter(EMPTY);
  options.setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(EMPTY));
  return new streams.ReadReq().setOptions(options);
}

const identifier = (stream: string) => new shared.StreamIdentifier().setStreamName(Buffer.from(stream));

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text where it is text, as the embedded log has it. */
function textOr(bytes: Uint8Array): string | Uint8Array {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return bytes;
    throw error;
  }
}

function storedItem(recorded: NonNullable<ReturnType<ReadResp.ReadEvent['getEvent']>>): StoredItem {
  const metadata = recorded.getMetadataMap();
  const json = metadata.get('content-type') === 'application/json';
  const data = recorded.getData_asU8();
  return {
    stream: Buffer.from(recorded.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8'),
    revision: BigInt(recorded.getStreamRevision()),
    id: recorded.getId()?.getString().toLowerCase() ?? '',
    type: metadata.get('type') ?? '',
    json,
    data: json ? textOr(data) : data,
    meta: textOr(recorded.getCustomMetadata_asU8()),
    recordedAtMs: Number(BigInt(metadata.get('created') ?? 0) / TICKS_PER_MS),
  };
}

export type RawEvent = Pick<StoredItem, 'id' | 'type' | 'json' | 'data' | 'meta'>;

export interface RawAppend {
  readonly stream: string;
  readonly expected: Revision | 'no-stream';
  readonly events: readonly RawEvent[];
}

/** Throws `DriverFailure`. */
export async function appendRaw(client: RawClient, append: RawAppend): Promise<void> {
  const response = await client.execute(
    streamsGrpc.StreamsClient,
    'copy',
    (stub) =>
      new Promise<AppendResp>((resolve, reject) => {
        const call = stub.append(...client.callArguments({}), (error, answer) => {
          if (error === null) resolve(answer);
          else reject(driverFailure(error));
        });
        for (const request of appendRequests(append)) call.write(request);
        call.end();
      }),
  );
  const wrong = response.getWrongExpectedVersion();
  if (wrong === undefined) return;
  const actual = wrong.hasCurrentRevision() ? BigInt(wrong.getCurrentRevision()) : 'no-stream';
  throw new DriverFailure('wrong-revision', `stream ${append.stream} is at ${actual}`, { actual });
}

function appendRequests({ stream, expected, events }: RawAppend): AppendReq[] {
  const options = new streams.AppendReq.Options().setStreamIdentifier(identifier(stream));
  if (expected === 'no-stream') options.setNoStream(EMPTY);
  else options.setRevision(String(expected));
  return [new streams.AppendReq().setOptions(options), ...events.map(proposed)];
}

function proposed({ id, type, json, data, meta }: RawEvent): AppendReq {
  const message = new streams.AppendReq.ProposedMessage().setId(new shared.UUID().setString(id));
  message
    .getMetadataMap()
    .set('type', type)
    .set('content-type', json ? 'application/json' : 'application/octet-stream');
  message.setData(Buffer.from(data as string)).setCustomMetadata(Buffer.from(meta as string));
  return new streams.AppendReq().setProposedMessage(message);
}
