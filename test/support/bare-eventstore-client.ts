/** The bare protocol, where the official clients do not ask what a test asks. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { credentials, Metadata } from '@grpc/grpc-js';

export type Options = ReadReq.Options;
export const EMPTY = new shared.Empty();

/** Each with a connection of its own. */
export const bareClient = (port: number) =>
  new streamsGrpc.StreamsClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });

/** Of the whole log; what comes is dropped, and `ended` tells how it ended. */
export function subscribeOn(client: ReturnType<typeof bareClient>) {
  const options = new streams.ReadReq.Options();
  options.setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(EMPTY)).setNoFilter(EMPTY);
  options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions());
  fromAll(options);
  const call = client.read(new streams.ReadReq().setOptions(options));
  const ended = new Promise<number>((resolve) =>
    call.on('error', ({ code }: { code?: number }) => resolve(code ?? -1)),
  );
  call.resume();
  return { cancel: () => call.cancel(), ended };
}

export interface AskOptions {
  readonly metadata?: Metadata;
  readonly onMessage?: () => void;
}

/** Messages until the call ends. */
export async function askPort(
  port: number,
  shape: (options: Options) => void,
  { metadata = new Metadata(), onMessage = (): void => undefined }: AskOptions = {},
): Promise<ReadResp[]> {
  const options = new streams.ReadReq.Options();
  options.setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(EMPTY)).setNoFilter(EMPTY).setCount('1000');
  shape(options);
  const client = bareClient(port);
  const call = client.read(new streams.ReadReq().setOptions(options), metadata);
  const messages: ReadResp[] = [];
  try {
    for await (const message of call) {
      messages.push(message as ReadResp);
      onMessage();
    }
    return messages;
  } finally {
    call.cancel();
    client.close();
  }
}

export function fromStream(options: Options, stream: string, from: 'start' | 'end' | bigint = 'start'): void {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream));
  const place = new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(identifier);
  if (from === 'start') place.setStart(EMPTY);
  else if (from === 'end') place.setEnd(EMPTY);
  else place.setRevision(String(from));
  options.setStream(place);
}

export function fromAll(options: Options, from: 'start' | 'end' | bigint = 'start'): void {
  const place = new streams.ReadReq.Options.AllOptions();
  if (from === 'start') place.setStart(EMPTY);
  else if (from === 'end') place.setEnd(EMPTY);
  else {
    const position = new streams.ReadReq.Options.Position();
    position.setCommitPosition(String(from));
    position.setPreparePosition(String(from));
    place.setPosition(position);
  }
  options.setAll(place);
}

export function filterBy(
  options: Options,
  shape: (expression: ReadReq.Options.FilterOptions.Expression) => void,
): void {
  const expression = new streams.ReadReq.Options.FilterOptions.Expression();
  shape(expression);
  const filter = new streams.ReadReq.Options.FilterOptions();
  filter.setStreamIdentifier(expression).setMax(32).setCheckpointintervalmultiplier(1);
  options.clearNoFilter();
  options.setFilter(filter);
}

export const typesOf = (messages: readonly ReadResp[]): (string | undefined)[] =>
  messages.map((message) => message.getEvent()?.getEvent()?.getMetadataMap().get('type'));

export const positionsOf = (messages: readonly ReadResp[]): string[] =>
  messages.map((message) => message.getEvent()?.getCommitPosition() ?? '');
