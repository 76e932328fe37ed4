/** Every route against input that does not fit it: a refusal in the door's own form, never a fault, never an event. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandRegistry } from '../../commands/registry.ts';
import { BODY_BYTES_MAX, type Route } from '../../protocol/http/route.ts';
import { ask } from '../support/server-client.ts';
import { formNames, isForm, nearlyRight, oddTexts, unusableJson, validBodies } from './bad-input-bodies.ts';
import { caseFor, type Ground, openGround, type Sent, wrongIn as wrongAmong, wrongOf } from './bad-input-ground.ts';
import { sampleInput } from './command-sample.ts';
import { nameOf } from './route-walk-credentials.ts';

const LONG_MS = 120_000;

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(async () => await ground.server.stop());

const withBody = (): readonly Route[] => ground.server.routes.filter(({ body }) => body !== 'none');
const withJson = (): readonly Route[] => withBody().filter((route) => !isForm(route));

const wrongIn = (all: Iterable<Sent>): Promise<readonly string[]> => wrongAmong(ground, all);
const send = (route: Route, what: string, over: Partial<Sent['question']>, mustRefuse = true): Sent =>
  caseFor(ground, route, { what, over, mustRefuse });

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
