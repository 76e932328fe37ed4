import { describe, expect, it } from 'vitest';
import type { EventMeta } from '../../domain/event.ts';
import type { NewEvent, RecordedEvent, SubscriptionMessage } from '../../infra/event-store/event-store.ts';
import type { Log } from '../../read-api/entity-stream.ts';
import { type FeedQuery, feedPage, recordedAfter } from '../../read-api/feed.ts';

const place = (commit: number) => ({ commit: BigInt(commit), prepare: BigInt(commit) });

function recorded(commit: number, over: { tenant?: string; stream?: string; recordedAt?: Date } = {}): RecordedEvent {
  const { tenant = 'mine', stream = 'app-1', recordedAt = new Date(0) } = over;
  const meta: EventMeta = { $correlationId: 'c', $causationId: 'c', at: '2026-01-01T00:00:00.000Z', tenant };
  const event: NewEvent = { id: `e${commit}`, type: 'application.application.enabled.v1', data: {}, meta };
  return { ...event, stream, revision: BigInt(commit), position: place(commit), recordedAt };
}

/** A log that stands still. Every event is read as `parts` events, as a lifted one may be. */
function logOf(messages: readonly SubscriptionMessage[], parts = 1): Log {
  return {
    store: {
      async *subscribe({ after, signal }) {
        const start = after === 'start' || after === 'end' ? 0n : after.commit;
        for (const message of messages) {
          const at = message.kind === 'event' ? message.event.position : message.position;
          if (at !== undefined && at.commit <= start && message.kind === 'event') continue;
          yield message;
        }
        if (signal?.aborted === false) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
      readStream: () => {
        throw new Error('the feed reads no stream');
      },
      head: async () => null,
    },
    codec: {
      decode: async (events) =>
        events.flatMap((event) => Array.from({ length: parts }, () => ({ ...event, erased: false }))),
      openSource: async () => null,
    },
  };
}

const query: FeedQuery = { tenant: 'mine', after: 'start', types: [], org: null, subject: null, technical: false };
const request = { limit: 100, waitMs: 0, signal: new AbortController().signal };
const event = (recordedEvent: RecordedEvent): SubscriptionMessage => ({ kind: 'event', event: recordedEvent });

describe('a page of the feed', () => {
  it('covers what it passed over, up to the end of the log', async () => {
    const log = logOf([
      event(recorded(1)),
      event(recorded(2, { tenant: 'other' })),
      event(recorded(3, { stream: 'token-1' })),
      { kind: 'checkpoint', position: place(1_000) },
      { kind: 'caught-up', position: place(1_234) },
    ]);
    const page = await feedPage(log, query, request);
    expect(page.events.map(({ id }) => id)).toEqual(['e1']);
    expect(page).toMatchObject({ through: place(1_234), more: false });
  });

  it('shows the technical record where it is asked for', async () => {
    const log = logOf([event(recorded(1, { stream: 'token-1' })), { kind: 'caught-up', position: place(1) }]);
    expect((await feedPage(log, { ...query, technical: true }, request)).events).toHaveLength(1);
  });

  it('never ends within the events of one position', async () => {
    const log = logOf([event(recorded(1)), event(recorded(2)), { kind: 'caught-up', position: place(2) }], 2);
    const page = await feedPage(log, query, { ...request, limit: 1 });
    expect(page.events.map(({ id }) => id)).toEqual(['e1', 'e1']);
    expect(page).toMatchObject({ through: place(1), more: true });
  });

  it('keeps its place in an empty log', async () => {
    expect(await feedPage(logOf([{ kind: 'caught-up' }]), query, request)).toEqual({
      events: [],
      through: null,
      more: false,
    });
  });
});

describe('the time of the next record', () => {
  it('is that of the first event behind the position, of any tenant; none at the end', async () => {
    const then = new Date('2026-01-01T00:00:00Z');
    const log = logOf([
      event(recorded(1)),
      event(recorded(2, { tenant: 'other', recordedAt: then })),
      { kind: 'caught-up', position: place(2) },
    ]);
    expect(await recordedAfter(log, place(1), request.signal)).toEqual(then);
    expect(await recordedAfter(log, place(2), request.signal)).toBeNull();
  });
});
