import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asAdmin, createTenant, type ManagementClient, type NewTenant } from '../support/management-client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let admin: ManagementClient;
let tenant: NewTenant;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  tenant = await createTenant(server, 'cursors.com');
  for (const client of [admin, tenant.owner]) {
    for (const name of ['cursor-a', 'cursor-b', 'cursor-c']) {
      await client.send('POST', '/api/commands/CreateApplication', { name });
    }
  }
});
afterAll(() => server.stop());

const QUERY = '/api/read/applications?filter=name+sw+cursor-&sort=name&limit=1';

const refused = { status: 400, json: { reason: 'cursor-invalid' } };

describe('page cursors at the read endpoint', () => {
  it('[SEC-I1] are refused in another tenant, collection, filter or order', async () => {
    const { next } = (await admin.get(QUERY)).json;
    expect((await admin.get(`${QUERY}&after=${next}`)).json.items).toMatchObject([{ name: 'cursor-b' }]);
    expect(await tenant.owner.get(`${QUERY}&after=${next}`)).toMatchObject(refused);
    for (const other of [
      '/api/read/applications?filter=name+sw+c&sort=name&limit=1',
      '/api/read/applications?filter=name+sw+cursor-&sort=-name&limit=1',
      '/api/read/applications?limit=1',
      '/api/read/tenants?limit=1',
    ]) {
      expect(await admin.get(`${other}&after=${next}`), other).toMatchObject(refused);
      expect(await admin.get(`${other}&before=${next}`), other).toMatchObject(refused);
    }
  });

  it('[SEC-I1] are refused when edited or invented', async () => {
    const { next } = (await admin.get(QUERY)).json as { next: string };
    const edited = `${next.slice(0, 20)}${next[20] === 'A' ? 'B' : 'A'}${next.slice(21)}`;
    const forged = Buffer.from(JSON.stringify({ value: "' OR 1=1 --", id: { $gt: '' } })).toString('base64url');
    for (const cursor of [edited, forged, 'cursor-a', '', encodeURIComponent("' OR 1=1 --"), 'x'.repeat(5_000)]) {
      expect(await admin.get(`${QUERY}&after=${cursor}`), cursor).toMatchObject(refused);
    }
  });
});
