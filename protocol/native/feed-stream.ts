/** The feed as server-sent events: each event with its position as id, marks between, heartbeats while nothing happens. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { encodePosition } from '../../infra/event-store/position.ts';
import type { Log } from '../../read-api/entity-stream.ts';
import { type FeedItem, type FeedQuery, feed } from '../../read-api/feed.ts';

const HEARTBEAT_MS = 15_000;
/** How long a right that was looked at counts: events of one burst are not each asked about. */
export const RIGHTS_COUNT_MS = 100;

export interface FeedStream {
  readonly log: Log;
  readonly query: FeedQuery;
  /** Whether the caller may still listen. */
  readonly isAllowed: () => Promise<boolean>;
}

/** Ends when the client goes, the server closes, or the right is gone. */
export async function streamFeed(stream: FeedStream, raw: ServerResponse, closing: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([closing, ended.signal]);
  let checkedMs = performance.now();

  async function isStillAllowed(): Promise<boolean> {
    if (performance.now() - checkedMs < RIGHTS_COUNT_MS) return true;
    if (!(await stream.isAllowed())) return false;
    checkedMs = performance.now();
    return true;
  }

  const heartbeat = setInterval(() => {
    void beat().catch(() => ended.abort());
  }, HEARTBEAT_MS);

  async function beat(): Promise<void> {
    if (!(await isStillAllowed())) return ended.abort();
    if (!raw.writableNeedDrain) raw.write(': heartbeat\n\n');
  }

  try {
    raw.flushHeaders();
    for await (const item of feed(stream.log, stream.query, signal)) {
      if (!(await isStillAllowed())) break;
      const frame = frameOf(item);
      if (frame !== null && !raw.write(frame)) await once(raw, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(heartbeat);
    ended.abort();
  }
}

/** WHATWG HTML §9.2: JSON has no line breaks of its own. */
function frameOf(item: FeedItem): string | null {
  if (item.kind === 'event') {
    const id = item.settles ? `id: ${item.event.position}\n` : '';
    return `${id}data: ${JSON.stringify(item.event)}\n\n`;
  }
  if (item.through === null) return null;
  const through = encodePosition(item.through);
  return `id: ${through}\nevent: mark\ndata: ${JSON.stringify({ through, live: item.live })}\n\n`;
}
