/** What a caller asks of the feed: from where, which events, and whether that place can still be given whole. */
import type { Kernel } from '../../commands/kernel.ts';
import { TECHNICAL_RETENTION_S } from '../../commands/technical-stream.ts';
import { comparePositions, decodePosition, type Position } from '../../infra/event-store/position.ts';
import { type FeedQuery, recordedAfter } from '../../read-api/feed.ts';
import type { Request } from '../http/route.ts';
import { callerOf } from '../rest/request-input.ts';
import { Problem } from './problem.ts';
import { flag, knownParameters } from './query-input.ts';

const TYPES_MAX = 20;
const TYPE_PREFIX = /^[a-z][a-z0-9_.]{0,99}$/;
const PARAMETERS = new Set(['after', 'type', 'org', 'subject', 'technical', 'wait', 'limit', 'minPosition']);

export async function feedQueryOf(kernel: Kernel, request: Request, lastEventId: string | null): Promise<FeedQuery> {
  const { query, signal } = request;
  knownParameters(query, PARAMETERS);
  const { tenant, org } = callerOf(request);
  const after = await placeOf(kernel, lastEventId ?? query.get('after'));
  const technical = flag(query, 'technical');
  if (technical) await refuseForgotten(kernel, after, signal);
  return {
    tenant,
    after,
    types: typesOf(query),
    // Below the root, an organization sees its own events only.
    org: org === tenant ? uuidOf(query, 'org') : org,
    subject: uuidOf(query, 'subject'),
    technical,
  };
}

/** A position is no secret and no right: events are judged when they are delivered. One that the log has not reached is an error. */
async function placeOf(kernel: Kernel, text: string | null): Promise<Position | 'start'> {
  if (text === null || text === '') return 'start';
  const position = decodePosition(text);
  const head = position === null ? null : await kernel.store.head();
  if (position !== null && head !== null && comparePositions(position, head) <= 0) return position;
  throw new Problem(400, 'position-invalid', 'The position is not one of this log.');
}

/** Technical events go after their retention: who was away for longer has missed some, and is told. */
async function refuseForgotten(kernel: Kernel, after: Position | 'start', signal: AbortSignal): Promise<void> {
  const next = await recordedAfter(kernel, after, signal);
  if (next === null || next.getTime() >= kernel.clock() - TECHNICAL_RETENTION_S * 1_000) return;
  throw new Problem(
    410,
    'position-past-retention',
    'Technical events after this position may be gone. Go on from a later position, or without technical=true.',
    { retentionSeconds: TECHNICAL_RETENTION_S },
  );
}

function typesOf(query: URLSearchParams): readonly string[] {
  const types = query.getAll('type');
  if (types.length <= TYPES_MAX && types.every((type) => TYPE_PREFIX.test(type))) return types;
  throw new Problem(
    400,
    'parameter-invalid',
    `The parameter type must be the beginning of an event type, ${TYPES_MAX} times at most.`,
  );
}

function uuidOf(query: URLSearchParams, name: 'org' | 'subject'): string | null {
  const text = query.get(name);
  if (text === null || /^[0-9a-f-]{36}$/.test(text)) return text;
  throw new Problem(400, 'parameter-invalid', `The parameter ${name} must be an id.`);
}
