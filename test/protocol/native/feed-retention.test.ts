import { afterEach, describe, expect, it } from 'vitest';
import { TECHNICAL_RETENTION_S } from '../../../commands/technical-stream.ts';
import { encodePosition } from '../../../infra/event-store/position.ts';
import type { Request } from '../../../protocol/http/route.ts';
import { feedQueryOf } from '../../../protocol/native/feed-query.ts';
import { callerWith, openSetUpKernel, type TestKernel } from '../../support/kernel.ts';

let opened: TestKernel | null = null;
afterEach(async () => {
  await opened?.close();
  opened = null;
});

const asking = (query: string): Request => ({
  method: 'GET',
  path: '/api/feed',
  params: {},
  query: new URLSearchParams(query),
  headers: {},
  cookies: new Map(),
  body: null,
  tenant: { id: callerWith().tenant, domain: 'carbon.super', isSuper: true, baseUrl: 'http://localhost' },
  caller: callerWith('internal_audit_view'),
  ip: '127.0.0.1',
  correlationId: 'c',
  traceId: null,
  minPosition: null,
  signal: new AbortController().signal,
});

describe('a place in the feed that is older than the retention of technical events', () => {
  it('[SEC-L9] is answered 410 where they are asked for, and is good for the permanent record', async () => {
    let aheadMs = 0;
    opened = await openSetUpKernel({ clock: () => Date.now() + aheadMs });
    const { kernel } = opened;
    const first = encodePosition({ commit: 1n, prepare: 1n });
    const technical = `technical=true&after=${first}`;
    await expect(feedQueryOf(kernel, asking(technical), null)).resolves.toMatchObject({ technical: true });

    aheadMs = (TECHNICAL_RETENTION_S + 60) * 1_000;
    const gone = { status: 410, reason: 'position-past-retention' };
    await expect(feedQueryOf(kernel, asking(technical), null)).rejects.toMatchObject(gone);
    await expect(feedQueryOf(kernel, asking('technical=true'), null)).rejects.toMatchObject(gone);
    await expect(feedQueryOf(kernel, asking(`after=${first}`), null)).resolves.toMatchObject({ technical: false });
    const head = encodePosition((await kernel.store.head()) ?? { commit: 0n, prepare: 0n });
    const atTheEnd = feedQueryOf(kernel, asking(`technical=true&after=${head}`), null);
    await expect(atTheEnd, 'nothing is missing behind the end').resolves.toMatchObject({ technical: true });
  });
});
