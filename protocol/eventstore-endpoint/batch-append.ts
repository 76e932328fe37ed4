/** Streams.BatchAppend: many appends on one call, each answered once under its correlation id. */
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { StoreTimeout } from '../../infra/event-store/errors.ts';
import type { Expected } from '../../infra/event-store/event-store.ts';
import type { StoredAppendResult, StoredLog } from '../../infra/event-store/stored-log.ts';
import { errorResponse, successResponse } from './batch-append-messages.ts';
import { ProposedEvents } from './proposed-events.ts';
import type { OnFault } from './send.ts';
import { callError, notReady } from './send.ts';
import { invalidArgument } from './wire-error.ts';
import { expectedOf, streamName, uuidText } from './wire-values.ts';

/** The server's own; a client may ask for less. */
export const WRITE_TIMEOUT_MS = 2_000;
/** Appends begun and not finished on one call. */
export const PENDING_APPENDS_MAX = 1_000;

type Call = ServerDuplexStream<BatchAppendReq, BatchAppendResp>;

interface Pending {
  readonly stream: string;
  readonly expected: Expected;
  readonly timeoutMs: number;
  readonly proposed: ProposedEvents;
  /** What was wrong with a frame; told with the last one. */
  failure: unknown;
}

export interface BatchAppendParts {
  readonly log: StoredLog;
  readonly closing: AbortSignal;
  readonly onFault: OnFault;
}

export function serveBatchAppend(call: Call, { log, closing, onFault }: BatchAppendParts): void {
  const stop = (): boolean => call.emit('error', notReady());
  closing.addEventListener('abort', stop, { once: true });
  call.on('close', () => closing.removeEventListener('abort', stop));
  const pending = new Map<string, Pending>();
  let unanswered = 0;
  let halfClosed = false;
  // A client may say that it is done before it has heard the answers.
  const endWhenAnswered = (): void => {
    if (halfClosed && unanswered === 0) call.end();
  };
  const receive = async (request: BatchAppendReq): Promise<void> => {
    const correlationId = uuidText(request.getCorrelationId());
    const append = pending.get(correlationId) ?? begin(request);
    if (pending.size >= PENDING_APPENDS_MAX) throw invalidArgument('too many appends are unfinished');
    pending.set(correlationId, append);
    take(append, request);
    if (!request.getIsFinal()) return;
    pending.delete(correlationId);
    unanswered += 1;
    const response = await answer(append, log, onFault);
    unanswered -= 1;
    if (call.cancelled) return;
    call.write(response.setCorrelationId(request.getCorrelationId()));
    endWhenAnswered();
  };
  call.on('data', (request) => {
    receive(request).catch((error: unknown) => call.emit('error', callError(error, onFault)));
  });
  call.on('end', () => {
    halfClosed = true;
    endWhenAnswered();
  });
}

function begin(request: BatchAppendReq): Pending {
  const options = request.getOptions();
  if (options === undefined) throw invalidArgument('the first frame of an append has no options');
  return {
    stream: streamName(options.getStreamIdentifier()),
    expected: expectedOf(options, options.hasStreamPosition() ? options.getStreamPosition() : null),
    timeoutMs: timeoutOf(options),
    proposed: new ProposedEvents(),
    failure: null,
  };
}

function timeoutOf(options: BatchAppendReq.Options): number {
  const deadline = options.getDeadline()?.toDate().getTime();
  return deadline === undefined ? WRITE_TIMEOUT_MS : Math.min(WRITE_TIMEOUT_MS, deadline - Date.now());
}

function take(append: Pending, request: BatchAppendReq): void {
  if (append.failure !== null) return;
  try {
    for (const message of request.getProposedMessagesList()) append.proposed.add(message);
  } catch (error) {
    append.failure = error;
  }
}

async function answer(append: Pending, log: StoredLog, onFault: OnFault): Promise<BatchAppendResp> {
  const { stream, expected, proposed, failure } = append;
  try {
    if (failure !== null) throw failure;
    return successResponse(await inTime(log.append(stream, expected, proposed.events), append.timeoutMs), stream);
  } catch (error) {
    return errorResponse(error, { stream, onFault });
  }
}

async function inTime(result: Promise<StoredAppendResult>, timeoutMs: number): Promise<StoredAppendResult> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new StoreTimeout('the append took too long')), Math.max(1, timeoutMs));
  try {
    return await Promise.race([result, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
