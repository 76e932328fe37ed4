/** The service of the protocol's second version: appends to several streams, all or none. */
import type { handleClientStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import grpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/streams_grpc_pb.js';
import type {
  AppendRecordsRequest,
  AppendRecordsResponse,
  AppendRequest,
  AppendSessionResponse,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/streams_pb.js';
import messages from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/streams_pb.js';
import { AppendViolated, type AppendViolation } from '../../infra/event-store/errors.ts';
import type { StoredLog, StoredSession, StoredSessionResult } from '../../infra/event-store/stored-log.ts';
import { expectedState, RecordSession } from './append-records-request.ts';
import { checksViolated, sessionRefused, type Violated } from './records-error.ts';
import { mayWrite, respond, type StreamsServiceParts } from './streams-service.ts';
import type { WireError } from './wire-error.ts';

export type RecordsService = {
  appendSession: handleClientStreamingCall<AppendRequest, AppendSessionResponse>;
  appendRecords: handleUnaryCall<AppendRecordsRequest, AppendRecordsResponse>;
};

export const recordsServiceDefinition = grpc.StreamsServiceService;

export function recordsService(parts: StreamsServiceParts): RecordsService {
  return {
    appendSession(call, done) {
      respond(parts, done, async () => {
        await mayWrite(parts, call);
        return await appendSession(parts.log, call);
      });
    },
    appendRecords(call, done) {
      respond(parts, done, async () => {
        await mayWrite(parts, call);
        return await appendRecords(parts.log, call.request);
      });
    },
  };
}

async function appendSession(log: StoredLog, requests: AsyncIterable<AppendRequest>): Promise<AppendSessionResponse> {
  const session = new RecordSession();
  for await (const request of requests) {
    const expected = request.hasExpectedRevision() ? (request.getExpectedRevision() ?? '') : '-2';
    session.addStream(request.getStream(), expectedState(expected));
    for (const record of request.getRecordsList()) session.add(request.getStream(), record);
  }
  const asked = session.finished();
  const { revisions, position } = await written(log, asked, ([first]) => {
    const { stream } = first;
    return sessionRefused(first, log.streamInfo(stream).revision ?? 'no-stream');
  });
  const outputs = asked.parts.map(({ stream }, index) =>
    new messages.AppendResponse().setStream(stream).setStreamRevision(String(revisions[index] ?? -1n)),
  );
  return new messages.AppendSessionResponse().setOutputList(outputs).setPosition(String(position));
}

async function appendRecords(log: StoredLog, request: AppendRecordsRequest): Promise<AppendRecordsResponse> {
  const session = new RecordSession();
  for (const record of request.getRecordsList()) session.add(record.getStream(), record);
  const checkOfPart = new Map<number, number>();
  for (const [index, check] of request.getChecksList().entries()) {
    const state = check.getStreamState();
    if (state === undefined) continue;
    checkOfPart.set(session.check(state.getStream(), expectedState(state.getExpectedState())), index);
  }
  const asked = session.finished();
  const { revisions, position } = await written(log, asked, (violated) =>
    checksViolated(violated.map((one) => ({ ...one, check: checkOfPart.get(one.part) ?? null }))),
  );
  const listed = asked.parts.flatMap(({ stream }, index) => {
    const revision = revisions[index] ?? null;
    return revision === null ? [] : [new messages.StreamRevision().setStream(stream).setRevision(String(revision))];
  });
  return new messages.AppendRecordsResponse().setRevisionsList(listed).setPosition(String(position));
}

type ViolatedPart = Violated & Pick<AppendViolation, 'part'>;

async function written(
  log: StoredLog,
  session: StoredSession,
  refusal: (violated: readonly [ViolatedPart, ...ViolatedPart[]]) => WireError,
): Promise<StoredSessionResult> {
  try {
    return await log.appendSession(session);
  } catch (error) {
    if (!(error instanceof AppendViolated)) throw error;
    const violated = error.violations.map(({ part, actual }) => {
      const { stream = '', expected = 'any' } = session.parts[part] ?? {};
      return { part, stream, expected, actual };
    });
    throw refusal(violated as [ViolatedPart, ...ViolatedPart[]]);
  }
}
