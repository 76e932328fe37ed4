/** What a client asks of Streams.Read, checked. */
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { parseFilter, type WireFilter } from './filter.ts';
import type { UuidForm } from './read-messages.ts';
import { invalidArgument } from './wire-error.ts';
import { streamName } from './wire-values.ts';

/** A revision, or a position in the log. */
export type From = bigint | 'start' | 'end';

export interface ReadQuery {
  /** Null: the whole log. */
  readonly stream: string | null;
  readonly from: From;
  readonly direction: 'forward' | 'backward';
  /** Null: a subscription. */
  readonly count: bigint | null;
  readonly filter: WireFilter | null;
  readonly uuidForm: UuidForm;
  /** The client understands messages about the ends of a stream. */
  readonly tellsEnds: boolean;
}

type Options = ReadReq.Options;

const BACKWARD = 1;
const FROM_END = 2n ** 64n - 1n;

export function parseReadRequest(request: ReadReq): ReadQuery {
  const options = request.getOptions();
  if (options === undefined) throw invalidArgument('options are missing');
  const subscribes = options.hasSubscription();
  const filter = options.getFilter();
  const all = options.hasAll();
  if (!all && filter !== undefined) throw invalidArgument('only $all takes a filter');
  if (subscribes && options.getReadDirection() === BACKWARD) throw invalidArgument('a subscription goes forward');
  const uuidOption = options.getUuidOption();
  if (uuidOption === undefined) throw invalidArgument('the UUID option is missing');
  return {
    ...placeOf(options),
    direction: options.getReadDirection() === BACKWARD ? 'backward' : 'forward',
    count: subscribes ? null : BigInt(options.getCount()),
    filter: filter === undefined ? null : parseFilter(filter),
    uuidForm: uuidOption.hasStructured() ? 'structured' : 'string',
    tellsEnds: (options.getControlOption()?.getCompatibility() ?? 0) >= 1,
  };
}

function placeOf(options: Options): { stream: string | null; from: From } {
  const one = options.getStream();
  if (one !== undefined) {
    const from = one.hasRevision() ? BigInt(one.getRevision()) : boundOf(one);
    return { stream: streamName(one.getStreamIdentifier()), from };
  }
  const all = options.getAll();
  if (all === undefined) throw invalidArgument('a stream or $all must be named');
  const position = all.getPosition();
  return { stream: null, from: position === undefined ? boundOf(all) : positionOf(position.getCommitPosition()) };
}

const boundOf = (place: { hasEnd(): boolean }): 'start' | 'end' => (place.hasEnd() ? 'end' : 'start');

function positionOf(commit: string): From {
  const position = BigInt(commit);
  return position === FROM_END ? 'end' : position;
}
