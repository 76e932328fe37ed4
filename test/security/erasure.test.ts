/** One person erased from the whole server: from every file, every answer and every copy, for ever. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RecordedEvent } from '../../infra/event-store/event-store.ts';
import { runMuniment } from '../crash/server-process.ts';
import { introspect, refresh } from '../protocol/oauth2/browser.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { addressOnly, ask, mustAsk, type Told } from '../support/server-client.ts';
import { filesHolding, liveThrough, type Subject, TRUSTING } from './erasure-subject.ts';

const WAIT = { timeout: 15_000, interval: 50 };

let server: TestServer;
let subject: Subject;
let erased: Told;

const erase = async (): Promise<Told> =>
  await mustAsk(server, { method: 'POST', path: '/api/commands/EraseUser', body: { userId: subject.id } });

const history = async (): Promise<Told> => await mustAsk(server, { path: `/api/history/users/${subject.id}` });

async function eventsOf(id: string): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of server.kernel.store.readStream(`user-${id}`)) events.push(event);
  return events;
}

const typesOf = async (id: string): Promise<readonly string[]> => (await eventsOf(id)).map(({ type }) => type);

const holding = async (): Promise<readonly string[]> => await filesHolding(server.directory, subject.planted);

async function restart(): Promise<void> {
  const { directory } = server;
  await server.stop('keep');
  server = await startTestServer({ directory, environment: TRUSTING });
}

/** Every event opens, read models agree, and the person is told to be erased: with the tools of an auditor. */
async function replayOutside(directory: string): Promise<void> {
  const variables = { MUNIMENT_DATA: directory, NO_COLOR: '1' };
  const entity = `user-${subject.id}`;
  const told = await Promise.all(
    [['doctor'], ['history', entity], ['replay', entity]].map((args) => runMuniment(args, variables)),
  );
  for (const { code, output, errors } of told) {
    expect(code, output + errors).toBe(0);
    for (const value of Object.values(subject.planted)) expect(output).not.toContain(value);
  }
  expect(told[2]?.output).toContain('erased');
}

const VERIFIED = 'identity.user.erasure_verified.v1';

beforeAll(async () => {
  server = await startTestServer({ environment: TRUSTING });
  subject = await liveThrough(server);
});

afterAll(async () => {
  await server.stop('keep');
  await rm(server.directory, { recursive: true, force: true });
});

describe('before the erasure', () => {
  it('the search for planted values finds those of a living person', async () => {
    const held = await holding();
    for (const what of ['username', 'newfamily', 'given', 'mail', 'newmail', 'phone', 'custom', 'employee']) {
      expect(
        held.some((line) => line.endsWith(`: ${what}`)),
        what,
      ).toBe(true);
    }
  });

  it('[SEC-L5] the log and the transient store hold none of them in clear', async () => {
    const held = await holding();
    expect(held.filter((line) => !line.startsWith('users'))).toEqual([]);
  });
});

describe('an erasure', () => {
  beforeAll(async () => {
    erased = await erase();
    await vi.waitUntil(async () => (await typesOf(subject.id)).includes(VERIFIED), WAIT);
  });

  it('[SEC-L5] is verified and recorded', async () => {
    expect(erased.json.changed).toBe(true);
    const types = await typesOf(subject.id);
    expect(types.filter((type) => type === 'identity.user.erased.v1')).toHaveLength(1);
    expect(types.filter((type) => type === VERIFIED)).toHaveLength(1);
  });

  it('[E40] [SEC-L5] leaves no planted value in any file while the server runs', async () => {
    await expect.poll(holding, WAIT).toEqual([]);
  });

  it('[SEC-L5] leaves no document, by id, by filter, by list or as of a time before', async () => {
    const { id, planted } = subject;
    const { authorization } = server.admin;
    expect((await ask(server, { path: `/scim2/Users/${id}`, authorization })).status).toBe(404);
    expect((await ask(server, { path: `/api/read/users/${id}`, authorization })).status).toBe(404);
    const filter = encodeURIComponent(`userName eq "${planted.username}"`);
    expect((await mustAsk(server, { path: `/scim2/Users?filter=${filter}` })).json.totalResults).toBe(0);
    expect((await mustAsk(server, { path: '/scim2/Users' })).text).not.toContain(id);
  });

  it('[SEC-L5] shows nothing of him as of an instant when he lived', async () => {
    const [first] = await eventsOf(subject.id);
    const at = new Date(new Date(String(first?.meta.at)).getTime() + 1).toISOString();
    const path = `/api/read/users/${subject.id}?at=${at}`;
    const { text, status } = await ask(server, { path, authorization: server.admin.authorization });
    expect(status).toBeLessThan(500);
    for (const value of Object.values(subject.planted)) expect(text).not.toContain(value);
  });

  it('[E40] lets history and feed be read, says erased there, and shows nothing', async () => {
    const told = await history();
    expect(told.json.entries.at(0).type).toBe('identity.user.created.v1');
    expect(told.text).toContain('erased');
    const feed = await mustAsk(server, { path: '/api/feed?limit=1000' });
    expect(feed.text).toContain(subject.id);
    for (const value of Object.values(subject.planted)) {
      expect(told.text).not.toContain(value);
      expect(feed.text).not.toContain(value);
    }
  });

  it('[SEC-L5] ends his sign-in, his tokens and his grants', async () => {
    const { client, tokens, authorization } = subject;
    expect((await ask(server, { path: '/scim2/Users', authorization })).status).toBe(401);
    expect((await refresh(addressOnly(server), client, tokens.refresh)).status).toBe(400);
    expect((await introspect(addressOnly(server), client, tokens.access)).body.active).toBe(false);
  });

  it('[SEC-L6] changes nothing when it is asked for again', async () => {
    const before = await eventsOf(subject.id);
    const again = await erase();
    expect(again.json.changed).toBe(false);
    expect(await eventsOf(subject.id)).toEqual(before);
  });

  it('[SEC-L5] [SEC-L8] is not undone by a rebuild of the read models', async () => {
    await server.projector.rebuild('users');
    const { authorization } = server.admin;
    expect((await ask(server, { path: `/scim2/Users/${subject.id}`, authorization })).status).toBe(404);
    expect(await holding()).toEqual([]);
  });

  it('[E40] [SEC-L5] leaves no planted value in any file after a stop and a start', async () => {
    const { directory } = server;
    await server.stop('keep');
    expect(await filesHolding(directory, subject.planted)).toEqual([]);
    await replayOutside(directory);
    server = await startTestServer({ directory, environment: TRUSTING });
    expect(await holding()).toEqual([]);
    expect((await history()).text).toContain('erased');
  });

  it('[SEC-L6] gives his name to somebody else, who gets nothing of his', async () => {
    const body = { userName: subject.planted.username, password: 'Another-person-1' };
    const made = await mustAsk(server, { method: 'POST', path: '/scim2/Users', type: 'application/scim+json', body });
    expect(made.json.id).not.toBe(subject.id);
    expect(made.text).not.toContain(subject.planted.given);
  });
});

describe('an erasure while the user read model is rebuilt', () => {
  it('[SEC-L6] leaves nothing behind', async () => {
    subject = await liveThrough(server, 'another');
    const rebuilt = server.projector.rebuild('users');
    await erase();
    await rebuilt;
    await expect.poll(() => typesOf(subject.id), WAIT).toContain(VERIFIED);
    await expect.poll(holding, WAIT).toEqual([]);
    await restart();
    expect(await holding()).toEqual([]);
  });
});
