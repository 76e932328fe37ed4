/** Every route against input that does not fit it: a refusal in the door's own form, never a fault, never an event. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandRegistry } from '../../commands/registry.ts';
import { BODY_BYTES_MAX, type Route } from '../../protocol/http/route.ts';
import { ask, mustAsk } from '../support/server-client.ts';
import { formNames, isForm, nearlyRight, oddFilters, oddTexts, unusableJson, validBodies } from './bad-input-bodies.ts';
import { type Ground, openGround, type Sent, wrongOf } from './bad-input-ground.ts';
import { sampleInput } from './command-sample.ts';
import { headOf, nameOf } from './route-walk-credentials.ts';

const LONG_MS = 120_000;

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(async () => await ground.server.stop());

const withBody = (): readonly Route[] => ground.server.routes.filter(({ body }) => body !== 'none');
const withJson = (): readonly Route[] => withBody().filter((route) => !isForm(route));

async function wrongIn(all: Iterable<Sent>): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const sent of all) {
    const line = await wrongOf(ground.server, sent);
    if (line !== null) wrong.push(line);
  }
  return wrong;
}

const FORM = 'application/x-www-form-urlencoded';
const typeOf = (route: Route): string => (isForm(route) ? FORM : 'application/json');

function send(route: Route, what: string, over: Partial<Sent['question']>, mustRefuse = true): Sent {
  const { method } = route;
  const authorization = ground.server.admin.authorization;
  const type = typeOf(route);
  return { route, what, mustRefuse, question: { method, path: ground.pathOf(route), authorization, type, ...over } };
}

/** What stands in their body means nothing. */
const IGNORING: readonly string[] = [
  'POST /api/server/v1/applications/:applicationId/inbound-protocols/oidc/regenerate-secret',
  'POST /api/server/v1/applications/:applicationId/inbound-protocols/oidc/revoke',
];

describe('a body', () => {
  it('has a valid example here for every route that takes JSON', () => {
    const named = withJson()
      .map(nameOf)
      .filter((name) => name !== 'POST /api/commands/:type' && !IGNORING.includes(name));
    expect(named.sort()).toEqual([...validBodies.keys()].sort());
  });

  it('[SEC-I7] [SEC-I8] [SEC-K3] that is no usable JSON is refused by every route', async () => {
    const all = withJson().flatMap((route) =>
      unusableJson.map(({ what, body }) => send(route, what, { body }, !IGNORING.includes(nameOf(route)))),
    );
    expect(await wrongIn(all)).toEqual([]);
  });

  it(
    '[SEC-I7] [SEC-I8] [SEC-K3] with one odd member is refused or understood, never a fault',
    async () => {
      const all = withJson().flatMap((route) =>
        nearlyRight(validBodies.get(nameOf(route)) ?? { userId: 'x' }).map(({ what, body }) =>
          send(route, what, { body }, false),
        ),
      );
      expect(await wrongIn(all)).toEqual([]);
    },
    LONG_MS,
  );

  it(
    '[SEC-I7] [SEC-K3] of any command with one odd member is refused or understood, never a fault',
    async () => {
      const route = withJson().find((candidate) => nameOf(candidate) === 'POST /api/commands/:type');
      if (route === undefined) throw new Error('there is no route for commands');
      const all = [...commandRegistry].flatMap(([type, command]) =>
        nearlyRight(sampleInput(command)).map(({ what, body }) =>
          send(route, `${type} ${what}`, { path: `/api/commands/${type}`, body }, false),
        ),
      );
      expect(await wrongIn(all)).toEqual([]);
    },
    LONG_MS,
  );

  it('of more bytes than the route takes is answered 413', async () => {
    const wrong: string[] = [];
    for (const route of withBody()) {
      const body = 'a'.repeat((route.bodyBytesMax ?? BODY_BYTES_MAX) + 1);
      const sent = send(route, 'too large', { body });
      const line = await wrongOf(ground.server, sent);
      const { status } = await ask(ground.server, sent.question);
      if (line !== null || status !== 413) wrong.push(line ?? `${nameOf(route)} was answered ${status}`);
    }
    expect(wrong).toEqual([]);
  });

  it('of another media type, charset or encoding is refused by every route', async () => {
    const types = [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'json',
      '',
      'application/json; charset=utf-16',
    ];
    const all = withBody().flatMap((route) => [
      ...types.map((type) => send(route, `type ${type}`, { body: '{}', headers: { 'content-type': type } })),
      send(route, 'compressed', { body: '{}', headers: { 'content-encoding': 'gzip' } }),
    ]);
    expect(await wrongIn(all)).toEqual([]);
  });
});

describe('a form', () => {
  it('[SEC-K3] with odd, repeated or unreadable parameters is refused or understood, never a fault', async () => {
    const all = withBody()
      .filter(isForm)
      .flatMap((route) => [
        ...formNames.flatMap((name) => [
          ...oddTexts.map((text) => send(route, `${name}=${text.slice(0, 20)}`, { body: formWith(name, text) }, false)),
          send(route, `${name} twice`, { body: `${formWith(name, 'a')}&${name}=b` }, false),
        ]),
        send(route, 'no UTF-8', { body: 'grant_type=%C3%28' }),
        send(route, 'many names', { body: Array.from({ length: 5_000 }, (_, n) => `a${n}=1`).join('&') }, false),
      ]);
    expect(await wrongIn(all)).toEqual([]);
  });
});

function formWith(name: string, text: string): string {
  const form = new URLSearchParams({ grant_type: 'authorization_code', client_id: 'nobody' });
  form.set(name, text);
  return form.toString();
}

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
    const route = withJson().find(({ path }) => path === '/scim2/Users/.search');
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
