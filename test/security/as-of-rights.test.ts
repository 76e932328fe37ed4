import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  asAdmin,
  createMachine,
  createTenant,
  type ManagementClient,
  machineToken,
  managementClient,
} from '../support/management-client.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';
import { newUser } from '../support/server-client.ts';

const PASSWORD = 'Correct-horse-9';

let server: TestServer;
let admin: ManagementClient;
let adminRole: string;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  const { items } = (await admin.get('/api/read/users?filter=userName+eq+admin')).json;
  const { entries } = (await admin.get(`/api/history/users/${items[0].id}`)).json;
  adminRole = entries
    .flatMap(({ changes }: { changes: { path: string; to: string[] }[] }) => changes)
    .flatMap(({ path, to }: { path: string; to: string[] }) => (path === '/roles' ? to : []))[0];
});
afterAll(async () => await server.stop());

const must = (answer: Answer): Answer => {
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
  return answer;
};

const setRole = async (command: 'AssignRole' | 'UnassignRole', userId: string): Promise<Answer> =>
  must(await admin.send('POST', `/api/commands/${command}`, { userId, roleId: adminRole }));

interface Person {
  readonly id: string;
  readonly client: ManagementClient;
  readonly authorization: string;
}

async function person(userName: string): Promise<Person> {
  const id = await newUser(server, { userName, password: PASSWORD });
  const authorization = basic(userName, PASSWORD);
  return { id, authorization, client: managementClient(server.url, authorization) };
}

/** Ways to see what was: a document as of an instant, the history, the change feed. */
const pastOf = (id: string, instant: string): readonly string[] => [
  `/api/read/users/${id}?asOf=${encodeURIComponent(instant)}`,
  `/api/history/users/${id}`,
  '/api/feed?limit=1',
];

const statuses = async (client: ManagementClient, paths: readonly string[]): Promise<readonly number[]> =>
  await Promise.all(paths.map(async (path) => (await client.get(path)).status));

describe('a look into the past', () => {
  it('[SEC-B11] is refused to who had the right then and has lost it since', async () => {
    const former = await person('former');
    await setRole('AssignRole', former.id);
    const subject = await person('subject');
    const instant = new Date().toISOString();
    const paths = pastOf(subject.id, instant);
    expect(await statuses(former.client, paths)).toEqual([200, 200, 200]);

    await setRole('UnassignRole', former.id);
    expect(await statuses(former.client, paths)).toEqual([403, 403, 403]);
    const own = pastOf(former.id, instant);
    expect(await statuses(former.client, own), 'not even of himself at the time').toEqual([403, 403, 403]);
  });

  it('[SEC-B11] is given to who has the right now, also of a time when he had it not', async () => {
    const later = await person('later');
    const subject = await person('seen-later');
    const instant = new Date().toISOString();
    const paths = pastOf(subject.id, instant);
    expect(await statuses(later.client, paths)).toEqual([403, 403, 403]);
    await setRole('AssignRole', later.id);
    expect(await statuses(later.client, paths)).toEqual([200, 200, 200]);
  });

  it('[SEC-B11] stays within the organization, whatever moment is named', async () => {
    const tenant = await createTenant(server, 'past.example');
    const machine = await createMachine(tenant.owner, 'Theirs', ['internal_user_mgt_view', 'internal_audit_view']);
    const token = await machineToken(
      server.url,
      machine,
      ['internal_user_mgt_view', 'internal_audit_view'],
      '/t/past.example',
    );
    const stranger = managementClient(server.url, `Bearer ${token}`, '/t/past.example');
    const subject = await person('not-yours');
    const instant = new Date().toISOString();
    for (const moment of [instant, new Date(0).toISOString()]) {
      const path = `/api/read/users/${subject.id}?asOf=${encodeURIComponent(moment)}`;
      expect((await stranger.get(path)).status).toBe(404);
    }
    expect((await stranger.get(`/api/history/users/${subject.id}`)).status).toBe(404);
  });

  it('[SEC-B11] judges a disabled caller by what he is now', async () => {
    const off = await person('switched-off');
    await setRole('AssignRole', off.id);
    const instant = new Date().toISOString();
    must(await admin.send('POST', '/api/commands/DisableUser', { userId: off.id }));
    expect(await statuses(off.client, pastOf(off.id, instant))).toEqual([401, 401, 401]);
  });
});

interface Held {
  /** Lets the rest of the body go, and waits for the answer. */
  finish(): Promise<{ readonly status: number; readonly text: string }>;
}

/** A request whose head and half of the body have been sent. */
async function half(authorization: string, path: string, body: object): Promise<Held> {
  const { hostname, port } = new URL(server.url);
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { authorization, 'content-type': 'application/json', 'content-length': bytes.length };
  const sent = httpRequest({ hostname, port, path, method: 'POST', headers });
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, text });
    });
  });
  await new Promise<void>((resolve) => sent.write(bytes.subarray(0, 5), () => resolve()));
  return {
    finish() {
      sent.end(bytes.subarray(5));
      return answered;
    },
  };
}

describe('a change that was begun with a right', () => {
  /** A right counts for a tenth of a second of sending; nothing shows from outside that it has passed. */
  const letPass = () => new Promise((resolve) => setTimeout(resolve, 300));

  it('[SEC-A11] is refused when the right is gone before the request is complete', async () => {
    const falling = await person('falling');
    await setRole('AssignRole', falling.id);
    const victim = await person('victim');
    const held = [
      await half(falling.authorization, '/api/commands/DisableUser', { userId: victim.id }),
      await half(falling.authorization, '/api/commands/AssignRole', { userId: victim.id, roleId: adminRole }),
      await half(falling.authorization, '/api/server/v1/applications', { name: 'Back door' }),
      await half(falling.authorization, '/scim2/Users', { userName: 'back-door', password: PASSWORD }),
    ];
    await letPass();
    await setRole('UnassignRole', falling.id);
    for (const { finish } of held) expect((await finish()).status).toBe(403);

    const { entries } = (await admin.get(`/api/history/users/${victim.id}`)).json;
    expect(JSON.stringify(entries)).not.toContain(falling.id);
    const { items } = (await admin.get('/api/read/users?filter=userName+eq+back-door')).json;
    expect(items).toEqual([]);
  });

  it('[SEC-A11] is refused when the caller himself is gone, and made when nothing changed', async () => {
    const going = await person('going');
    await setRole('AssignRole', going.id);
    const victim = await person('second-victim');
    const input = { userId: victim.id };
    const early = await half(going.authorization, '/api/commands/DisableUser', input);
    await letPass();
    expect((await early.finish()).status).toBe(200);
    const late = await half(going.authorization, '/api/commands/EnableUser', input);
    await letPass();
    must(await admin.send('POST', '/api/commands/LockUser', { userId: going.id }));
    expect((await late.finish()).status).toBe(401);
  });

  it('[SEC-A11] is refused when what it was based on has changed since', async () => {
    const seen = await person('seen');
    const { entries } = (await admin.get(`/api/history/users/${seen.id}`)).json;
    const etag = `"${entries.at(-1).revision}"`;
    await setRole('AssignRole', seen.id);
    const path = '/api/commands/DisableUser';
    const stale = await admin.send('POST', path, { userId: seen.id }, { 'if-match': etag });
    expect(stale.status).toBe(412);
  });
});
