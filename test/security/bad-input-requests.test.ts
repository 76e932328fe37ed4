/** Lists, paths and headers with what does not belong there: a refusal in the door's own form, never a fault. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../../protocol/http/route.ts';
import { ask, mustAsk } from '../support/server-client.ts';
import { isForm, oddFilters, oddTexts } from './bad-input-bodies.ts';
import { caseFor, type Ground, openGround, type Sent, wrongIn as wrongAmong } from './bad-input-ground.ts';
import { headOf, nameOf } from './route-walk-credentials.ts';

const LONG_MS = 120_000;

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(async () => await ground.server.stop());

const wrongIn = (all: Iterable<Sent>): Promise<readonly string[]> => wrongAmong(ground, all);
const send = (route: Route, what: string, over: Partial<Sent['question']>, mustRefuse = true): Sent =>
  caseFor(ground, route, { what, over, mustRefuse });

const LISTS = [
  '/scim2/Users',
  '/api/server/v1/applications',
  '/api/server/v1/api-resources',
  '/api/server/v1/tenants',
  '/api/read/users',
  '/api/read/applications',
  '/api/read/tenants',
  '/api/feed',
] as const;

const listRoutes = (): readonly Route[] =>
  ground.server.routes.filter(({ method, path }) => method === 'GET' && (LISTS as readonly string[]).includes(path));

const query = (name: string, value: string): string => new URLSearchParams({ [name]: value }).toString();

describe('a list', () => {
  it('[SEC-I2] [SEC-K3] with a broken filter is refused', async () => {
    const all = listRoutes()
      .filter(({ path }) => path !== '/api/feed')
      .flatMap((route) =>
        oddFilters
          .filter((filter) => encodeURIComponent(filter).length < 15_000)
          .map((filter) => send(route, filter.slice(0, 40), { path: `${route.path}?${query('filter', filter)}` })),
      );
    expect(await wrongIn(all)).toEqual([]);
  });

  it('[SEC-I2] with a filter in the body of a search is refused when it is broken, however long it is', async () => {
    const route = ground.server.routes.find(({ path }) => path === '/scim2/Users/.search');
    if (route === undefined) throw new Error('there is no search');
    const all = oddFilters.map((filter) => send(route, filter.slice(0, 40), { body: { filter } }));
    expect(await wrongIn(all)).toEqual([]);
  });

  it('[SEC-I7] [SEC-K3] with odd parameters is refused or understood, never a fault', async () => {
    const names = [
      'filter',
      'limit',
      'offset',
      'after',
      'before',
      'sort',
      'sortBy',
      'sortOrder',
      'attributes',
      'count',
    ];
    const more = [
      'startIndex',
      'excludedAttributes',
      'domain',
      'minPosition',
      'total',
      'types',
      'streams',
      '__proto__',
    ];
    const all = listRoutes().flatMap((route) =>
      [...names, ...more].flatMap((name) =>
        oddTexts.map((text) =>
          send(route, `${name}=${text.slice(0, 20)}`, { path: `${route.path}?${query(name, text)}` }, false),
        ),
      ),
    );
    expect(await wrongIn(all)).toEqual([]);
  });

  it.each([
    ['/scim2/Users?startIndex=x'],
    ['/scim2/Users?count=1.5'],
    ['/scim2/Users?sortBy=__proto__'],
    ['/scim2/Users?sortOrder=sideways'],
    ['/scim2/Users?minPosition=tomorrow'],
    ['/api/server/v1/applications?limit=x'],
    ['/api/server/v1/applications?offset=-1'],
    ['/api/read/users?limit=0'],
    ['/api/read/users?limit=100000'],
    ['/api/read/users?after=AAAA'],
    ['/api/read/users?before=__proto__'],
    ['/api/read/users?after=a&before=b'],
    ['/api/read/users?unknown=1'],
    ['/api/read/users?sort=constructor'],
    ['/api/feed?after=AAAA'],
    ['/api/feed?limit=-1'],
  ])('is refused at %s', async (path) => {
    const { authorization } = ground.server.admin;
    expect((await ask(ground.server, { path, authorization })).status).toBe(400);
  });

  it('refuses the cursor of another question', async () => {
    const first = await mustAsk(ground.server, { path: '/api/read/users?limit=1' });
    const { authorization } = ground.server.admin;
    const after = encodeURIComponent(first.json.next);
    expect((await ask(ground.server, { path: `/api/read/users?limit=1&after=${after}`, authorization })).status).toBe(
      200,
    );
    const others = [`/api/read/applications?after=${after}`, `/api/read/users?sort=-userName&after=${after}`];
    for (const path of others) expect((await ask(ground.server, { path, authorization })).status).toBe(400);
  });
});

describe('a path', () => {
  it('[SEC-K3] with odd texts in place of its ids is refused or unknown, never a fault', async () => {
    const odd = oddTexts.filter((text) => text !== '');
    const all = ground.server.routes
      .filter(({ path, method }) => path.includes(':') && method !== 'HEAD')
      .flatMap((route) =>
        odd.map((text) => {
          const path = route.path.replaceAll(/:[A-Za-z]+/g, encodeURIComponent(text).slice(0, 1_500));
          return send(route, text.slice(0, 20), { path, ...(route.body === 'none' ? {} : { body: '{}' }) }, false);
        }),
      );
    expect(await wrongIn(all.filter(({ route }) => !route.path.startsWith('/oauth2')))).toEqual([]);
  });

  it('of an unknown tenant is answered 404 by every route', async () => {
    const wrong: string[] = [];
    const before = await headOf(ground.server);
    for (const route of ground.server.routes) {
      const { question } = send(route, 'unknown tenant', route.body === 'none' ? {} : { body: '{}' });
      const told = await ask(ground.server, { ...question, path: `/t/nowhere.example${question.path}` });
      if (told.status !== 404) wrong.push(`${nameOf(route)} was answered ${told.status}`);
    }
    expect(wrong).toEqual([]);
    expect(await headOf(ground.server)).toBe(before);
  });
});

describe('a header', () => {
  const NAMES = [
    'authorization',
    'idempotency-key',
    'if-match',
    'if-none-match',
    'prefer',
    'muniment-position',
    'accept',
    'cookie',
    'origin',
    'last-event-id',
    'traceparent',
    'activityid',
    'x-forwarded-for',
    'range',
  ];
  const values = [
    ...oddTexts.filter((text) => /^[\x20-\x7e]+$/.test(text)),
    '*',
    '"0"',
    '"99999999999999999999"',
    'W/"1"',
    'Basic',
    'Basic Og==',
    'Basic ////',
    'Bearer a.b.c',
    'Bearer eyJhbGciOiJub25lIn0.e30.',
    'dry-run, dry-run',
    'commonAuthId=; commonAuthId=a.b; =; ;;',
    '0000000000000001/0000000000000001',
    'ffffffffffffffff/ffffffffffffffff',
  ];
  // It asks to wait for what has not happened, and is told to come again: no fault.
  const isFuture = (name: string, value: string): boolean => name === 'muniment-position' && value.startsWith('f');

  it(
    '[SEC-K3] with an odd value is refused, ignored or understood by every route, never a fault',
    async () => {
      const all = ground.server.routes
        .filter(({ method, path }) => method !== 'HEAD' && path !== '/api/feed')
        .flatMap((route) =>
          NAMES.flatMap((name) =>
            values
              .filter((value) => !isFuture(name, value))
              .map((value) => {
                const body = route.body === 'none' ? {} : { body: isForm(route) ? 'a=b' : '{}' };
                const own = name === 'authorization' ? { authorization: value } : { headers: { [name]: value } };
                return send(route, `${name}: ${value.slice(0, 30)}`, { ...body, ...own }, false);
              }),
          ),
        );
      expect(await wrongIn(all)).toEqual([]);
    },
    LONG_MS,
  );
});
