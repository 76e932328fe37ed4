/** The service of streams: reads for readers, and changes where the endpoint is writable. */

import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  DeleteReq,
  DeleteResp,
  ReadReq,
  ReadResp,
  TombstoneReq,
  TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { StoredLog } from '../../infra/event-store/stored-log.ts';
import { append } from './append.ts';
import { type Authorize, type AuthorizedCall, requireRole } from './authorize.ts';
import { serveBatchAppend } from './batch-append.ts';
import { type OpenSubscriptions, watchGrant } from './open-calls.ts';
import { readMessages } from './read.ts';
import { parseReadRequest, type ReadQuery } from './read-request.ts';
import { type CallOutcome, callError, endOfCall, notReady, type OnFault, sendMessages } from './send.ts';
import { subscriptionMessages } from './subscribe.ts';
import { invalidArgument, WireError } from './wire-error.ts';
import { expectedOf, placeAt, streamName } from './wire-values.ts';

export interface StreamsServiceParts {
  readonly log: StoredLog;
  /** Null: everybody may. */
  readonly authorize: Authorize | null;
  readonly writable: boolean;
  readonly closing: AbortSignal;
  readonly onFault: OnFault;
  readonly subscriptions: OpenSubscriptions;
  readonly observe: EndpointObserver;
}

/** What is counted, for metrics. */
export interface EndpointObserver {
  /** Subscriptions that are open now. */
  subscriptions(open: number): void;
  /** A message was handed to the connection. */
  sent(): void;
  /** A read or subscription ended. */
  readEnded(outcome: CallOutcome): void;
}

/** A type, not an interface: the library takes only what has an index. */
export type StreamsService = {
  read: handleServerStreamingCall<ReadReq, ReadResp>;
  append: handleClientStreamingCall<AppendReq, AppendResp>;
  batchAppend: handleBidiStreamingCall<BatchAppendReq, BatchAppendResp>;
  delete: handleUnaryCall<DeleteReq, DeleteResp>;
  tombstone: handleUnaryCall<TombstoneReq, TombstoneResp>;
};

type RemovalOptions = DeleteReq.Options | TombstoneReq.Options;

export function streamsService(parts: StreamsServiceParts): StreamsService {
  const { log, onFault } = parts;
  return {
    read: (call) => read(parts, call),
    append(call, done) {
      respond(parts, done, async () => {
        await mayWrite(parts, call);
        return await append(log, call);
      });
    },
    batchAppend(call) {
      call.pause();
      mayWrite(parts, call).then(
        () => {
          serveBatchAppend(call, parts);
          call.resume();
        },
        (error: unknown) => call.emit('error', callError(error, onFault)),
      );
    },
    delete(call, done) {
      respond(parts, done, async () => {
        await mayWrite(parts, call);
        const position = await remove(log, 'delete', call.request.getOptions());
        return new streams.DeleteResp().setPosition(placeAt(new streams.DeleteResp.Position(), position));
      });
    },
    tombstone(call, done) {
      respond(parts, done, async () => {
        await mayWrite(parts, call);
        const position = await remove(log, 'tombstone', call.request.getOptions());
        return new streams.TombstoneResp().setPosition(placeAt(new streams.TombstoneResp.Position(), position));
      });
    },
  };
}

function read(parts: StreamsServiceParts, call: ServerWritableStream<ReadReq, ReadResp>): void {
  const { log, onFault, observe, closing } = parts;
  const open = endOfCall(call, closing);
  const { signal } = open;
  let revoked: WireError | null = null;
  const messages = async function* (): AsyncGenerator<ReadResp> {
    const grant = await requireRole(call, parts.authorize, 'reader');
    const query = parseReadRequest(call.request);
    const lost = (error: WireError): void => {
      revoked = error;
      open.abort();
    };
    if (grant !== null) watchGrant(grant, signal, { lost, onFault });
    const release = query.count === null ? parts.subscriptions.take(call.getPeer()) : null;
    try {
      for await (const message of answerOf(log, query, signal)) {
        observe.sent();
        yield message;
      }
    } finally {
      release?.();
    }
  };
  const ended = (): WireError | null => revoked ?? (closing.aborted ? notReady() : null);
  sendMessages(call, messages(), { signal, ended, onFault }).then(observe.readEnded, onFault);
}

function answerOf(log: StoredLog, query: ReadQuery, signal: AbortSignal): AsyncGenerator<ReadResp> {
  const { count } = query;
  return count === null ? subscriptionMessages(log, query, signal) : readMessages(log, { ...query, count });
}

export async function mayWrite({ authorize, writable }: StreamsServiceParts, call: AuthorizedCall): Promise<void> {
  if (!writable) throw new WireError({ code: status.UNIMPLEMENTED, details: 'This server can only be read.' });
  await requireRole(call, authorize, 'writer');
}

async function remove(
  log: StoredLog,
  kind: 'delete' | 'tombstone',
  options: RemovalOptions | undefined,
): Promise<bigint> {
  if (options === undefined) throw invalidArgument('options are missing');
  const expected = expectedOf(options, options.hasRevision() ? options.getRevision() : null);
  return await log.remove(kind, streamName(options.getStreamIdentifier()), expected);
}

export function respond<Response>(
  { onFault }: StreamsServiceParts,
  done: sendUnaryData<Response>,
  work: () => Promise<Response>,
): void {
  work().then(
    (response) => done(null, response),
    (error: unknown) => done(callError(error, onFault)),
  );
}
