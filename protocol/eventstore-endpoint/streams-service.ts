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
  type Metadata,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { StoredLog } from '../../infra/event-store/stored-log.ts';
import { append } from './append.ts';
import { type Authorize, type EndpointRole, requireRole } from './authorize.ts';
import { serveBatchAppend } from './batch-append.ts';
import { readMessages } from './read.ts';
import { parseReadRequest, type ReadQuery } from './read-request.ts';
import { callError, endOfCall, type OnFault, sendMessages } from './send.ts';
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
    read(call) {
      const signal = endOfCall(call, parts.closing);
      const messages = async function* (): AsyncGenerator<ReadResp> {
        await requireRole(call.metadata, parts.authorize, 'reader');
        yield* answerOf(log, parseReadRequest(call.request), signal);
      };
      void sendMessages(call, messages(), { signal, closing: parts.closing, onFault });
    },
    append(call, done) {
      respond(parts, done, async () => {
        await mayWrite(parts, call.metadata);
        return await append(log, call);
      });
    },
    batchAppend(call) {
      call.pause();
      mayWrite(parts, call.metadata).then(
        () => {
          serveBatchAppend(call, parts);
          call.resume();
        },
        (error: unknown) => call.emit('error', callError(error, onFault)),
      );
    },
    delete(call, done) {
      respond(parts, done, async () => {
        await mayWrite(parts, call.metadata);
        const position = await remove(log, 'delete', call.request.getOptions());
        return new streams.DeleteResp().setPosition(placeAt(new streams.DeleteResp.Position(), position));
      });
    },
    tombstone(call, done) {
      respond(parts, done, async () => {
        await mayWrite(parts, call.metadata);
        const position = await remove(log, 'tombstone', call.request.getOptions());
        return new streams.TombstoneResp().setPosition(placeAt(new streams.TombstoneResp.Position(), position));
      });
    },
  };
}

function answerOf(log: StoredLog, query: ReadQuery, signal: AbortSignal): AsyncGenerator<ReadResp> {
  const { count } = query;
  return count === null ? subscriptionMessages(log, query, signal) : readMessages(log, { ...query, count });
}

async function mayWrite({ authorize, writable }: StreamsServiceParts, metadata: Metadata): Promise<void> {
  if (!writable) throw new WireError({ code: status.UNIMPLEMENTED, details: 'This server can only be read.' });
  await requireRole(metadata, authorize, 'writer' satisfies EndpointRole);
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

function respond<Response>(
  { onFault }: StreamsServiceParts,
  done: sendUnaryData<Response>,
  work: () => Promise<Response>,
): void {
  work().then(
    (response) => done(null, response),
    (error: unknown) => done(callError(error, onFault)),
  );
}
