/** Streams.Append: one append, one answer. */

import type { AppendReq, AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { WrongExpectedRevision } from '../../infra/event-store/errors.ts';
import type { StoredAppendResult, StoredLog } from '../../infra/event-store/stored-log.ts';
import { ProposedEvents } from './proposed-events.ts';
import { invalidArgument } from './wire-error.ts';
import { EMPTY, expectedOf, placeAt, streamName } from './wire-values.ts';

/** Wrong expectations are answers here, not errors. */
export async function append(log: StoredLog, requests: AsyncIterable<AppendReq>): Promise<AppendResp> {
  let options: AppendReq.Options | undefined;
  const proposed = new ProposedEvents();
  for await (const request of requests) {
    options ??= request.getOptions();
    const message = request.getProposedMessage();
    if (message !== undefined) proposed.add(message);
  }
  if (options === undefined) throw invalidArgument('options are missing');
  const expected = expectedOf(options, options.hasRevision() ? options.getRevision() : null);
  try {
    return successOf(await log.append(streamName(options.getStreamIdentifier()), expected, proposed.events));
  } catch (error) {
    if (error instanceof WrongExpectedRevision) return wrongExpectedVersionOf(error);
    throw error;
  }
}

function successOf({ revision, position }: StoredAppendResult): AppendResp {
  const success = new streams.AppendResp.Success();
  if (revision === null) success.setNoStream(EMPTY);
  else success.setCurrentRevision(String(revision));
  if (position === null) success.setNoPosition(EMPTY);
  else success.setPosition(placeAt(new streams.AppendResp.Position(), position));
  return new streams.AppendResp().setSuccess(success);
}

function wrongExpectedVersionOf({ expected, actual }: WrongExpectedRevision): AppendResp {
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (actual === 'no-stream') wrong.setCurrentNoStream(EMPTY).setNoStream2060(EMPTY);
  else wrong.setCurrentRevision(String(actual)).setCurrentRevision2060(Number(actual));
  switch (expected) {
    case 'any':
      wrong.setExpectedAny(EMPTY).setAny2060(EMPTY);
      break;
    case 'exists':
      wrong.setExpectedStreamExists(EMPTY).setStreamExists2060(EMPTY);
      break;
    case 'no-stream':
      wrong.setExpectedNoStream(EMPTY);
      break;
    default:
      wrong.setExpectedRevision(String(expected)).setExpectedRevision2060(Number(expected));
  }
  return new streams.AppendResp().setWrongExpectedVersion(wrong);
}
