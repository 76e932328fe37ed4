/** GET /api/feed: what happened in the tenant, by long poll or as server-sent events. */
import type { Kernel } from '../../commands/kernel.ts';
import { may } from '../../commands/permissions.ts';
import { encodePosition } from '../../infra/event-store/position.ts';
import { FEED_PAGE_MAX, type FeedQuery, feedPage } from '../../read-api/feed.ts';
import type { Authenticator } from '../http/authenticate.ts';
import type { Request, Response, Route } from '../http/route.ts';
import { callerOf } from '../rest/request-input.ts';
import { feedQueryOf } from './feed-query.ts';
import { streamFeed } from './feed-stream.ts';
import { AUDIT } from './history-routes.ts';
import { answering, Problem, problems } from './problem.ts';
import { wholeNumber } from './query-input.ts';

/** Of one tenant, streams and waiting polls together. */
export const LISTENERS_PER_TENANT_MAX = 50;
const WAIT_S_MAX = 30;
const LIMIT_DEFAULT = 100;

export interface FeedDoor {
  readonly kernel: Kernel;
  readonly authenticator: Authenticator;
}

export function feedRoutes(door: FeedDoor): readonly Route[] {
  const listeners = new Map<string, number>();
  return [
    {
      method: 'GET',
      path: '/api/feed',
      access: AUDIT,
      body: 'none',
      errors: problems,
      summary: 'The change feed, resumable from any position: long poll, or text/event-stream.',
      handle: answering((request) =>
        wantsStream(request) ? open(door, request, listeners) : poll(door, request, listeners),
      ),
    },
  ];
}

const wantsStream = ({ headers }: Request): boolean => (headers.accept ?? '').includes('text/event-stream');

async function poll(door: FeedDoor, request: Request, listeners: Map<string, number>): Promise<Response> {
  const { query, signal } = request;
  const asked = await feedQueryOf(door.kernel, request, null);
  const waitMs = wholeNumber(query, { name: 'wait', absent: 0, min: 0, max: WAIT_S_MAX }) * 1_000;
  const limit = wholeNumber(query, { name: 'limit', absent: LIMIT_DEFAULT, min: 1, max: FEED_PAGE_MAX });
  const release = waitMs === 0 ? null : listen(listeners, asked.tenant);
  try {
    const page = await feedPage(door.kernel, asked, { limit, waitMs, signal });
    const after = asked.after === 'start' ? null : encodePosition(asked.after);
    const through = page.through === null ? null : encodePosition(page.through);
    // Rights may have gone while it waited.
    if (waitMs > 0 && !(await isAllowed(door, request)))
      throw new Problem(403, 'forbidden', 'The right to listen is gone.');
    return { status: 200, body: { events: page.events, range: { after, through }, more: page.more } };
  } finally {
    release?.();
  }
}

async function open(door: FeedDoor, request: Request, listeners: Map<string, number>): Promise<Response> {
  const lastEventId = request.headers['last-event-id'];
  const query: FeedQuery = await feedQueryOf(
    door.kernel,
    request,
    lastEventId === undefined ? null : String(lastEventId),
  );
  const release = listen(listeners, query.tenant);
  const stream = { log: door.kernel, query, isAllowed: () => isAllowed(door, request) };
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
    body: null,
    stream: async (raw, closing) => {
      try {
        await streamFeed(stream, raw, closing);
      } finally {
        release();
      }
    },
  };
}

/** Asked again with the same credential: what was revoked since counts. */
async function isAllowed({ authenticator }: FeedDoor, request: Request): Promise<boolean> {
  const { tenant, headers, correlationId, traceId } = request;
  const trace = { correlationId, traceId };
  const caller = await authenticator.authenticate({ tenant, authorization: headers.authorization, trace });
  return caller !== null && caller.id === callerOf(request).id && may(caller, AUDIT.scopes);
}

function listen(listeners: Map<string, number>, tenant: string): () => void {
  const count = listeners.get(tenant) ?? 0;
  if (count >= LISTENERS_PER_TENANT_MAX) {
    throw new Problem(
      429,
      'too-many-listeners',
      `At most ${LISTENERS_PER_TENANT_MAX} listeners of a tenant are served at a time.`,
    );
  }
  listeners.set(tenant, count + 1);
  return () => {
    const left = (listeners.get(tenant) ?? 1) - 1;
    if (left === 0) listeners.delete(tenant);
    else listeners.set(tenant, left);
  };
}
