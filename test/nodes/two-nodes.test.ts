/** Two nodes over the same servers, and no session sticks to either: what one writes, the other knows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeFor, introspect, newPkce, redeem } from '../protocol/oauth2/browser.ts';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { hasMongo, requireMongo } from '../support/mongo.ts';
import { type Deployment, openDeployment, type TestNode } from '../support/nodes.ts';
import { basic } from '../support/server.ts';
import {
  addressOnly,
  ask,
  browserAt,
  mustAsk,
  newClient,
  newTenant,
  newUser,
  ownToken,
} from '../support/server-client.ts';

requireMongo();

const ROUNDS = 15;
const PASSWORD = 'Correct-horse-9';

describe.runIf(hasMongo)('two nodes of one deployment', () => {
  let deployment: Deployment;
  let balancer: Balancer;
  let one: TestNode;
  let other: TestNode;
  const reached = (node: TestNode) => ({ url: node.at, admin: node.admin });

  beforeAll(async () => {
    balancer = await startBalancer();
    deployment = await openDeployment({ MUNIMENT_URL: balancer.url });
    // At the same time, on empty servers: they found it once.
    [one, other] = await Promise.all([deployment.start(), deployment.start()]);
    balancer.nodes.push(...[one, other].map(({ at }) => new URL(at).port));
  });
  afterAll(async () => {
    await balancer.close();
    await deployment.remove();
  });

  it('found the deployment once, with one administrator and one set of keys', async () => {
    const keys = await Promise.all(
      [one, other].map(async ({ at }) => (await ask({ url: at }, { path: '/oauth2/jwks' })).text),
    );
    expect(keys[0]).toBe(keys[1]);
    const { json } = await mustAsk(reached(other), { path: '/scim2/Users?filter=userName%20eq%20admin' });
    expect(json.totalResults).toBe(1);
  });

  it('show a caller through one what he wrote through the other, at once', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [here, there] = round % 2 === 0 ? [one, other] : [other, one];
      const userName = `written-${round}`;
      const id = await newUser(reached(here), { userName });
      const { json } = await mustAsk(reached(there), { path: `/scim2/Users?filter=userName%20eq%20${userName}` });
      expect(json.Resources.map((user: { id: string }) => user.id)).toEqual([id]);
      await mustAsk(reached(there), { method: 'DELETE', path: `/scim2/Users/${id}` });
      expect((await ask(reached(here), { path: `/scim2/Users/${id}`, ...here.admin })).status).toBe(404);
    }
  });

  it('know a tenant that the other has just made, and refuse one that it has just switched off', async () => {
    const tenant = await newTenant(reached(one), 'across.com');
    const question = { path: `${tenant.prefix}/scim2/Users`, authorization: tenant.authorization };
    expect((await ask(reached(other), question)).status).toBe(200);
    const { json } = await mustAsk(reached(one), { path: '/api/server/v1/tenants/domain/across.com' });
    const body = { activated: false };
    await mustAsk(reached(one), { method: 'PUT', path: `/api/server/v1/tenants/${json.id}/lifecycle-status`, body });
    expect((await ask(reached(other), question)).status).not.toBe(200);
  });

  it('[SEC-A1] honour no token that the other has revoked, and no account that it has locked', async () => {
    const client = await newClient(reached(one), { name: 'Across', scopes: ['internal_user_mgt_list'] });
    const token = await ownToken(reached(one), client, ['internal_user_mgt_list']);
    const asClient = { path: '/scim2/Users', authorization: `Bearer ${token}` };
    expect((await ask(reached(other), asClient)).status).toBe(200);
    const revocation = new URLSearchParams({ token }).toString();
    await mustAsk(reached(one), {
      method: 'POST',
      path: '/oauth2/revoke',
      type: 'application/x-www-form-urlencoded',
      authorization: basic(client.clientId, client.secret ?? ''),
      body: revocation,
    });
    expect((await ask(reached(other), asClient)).status).toBe(401);
    expect((await introspect(addressOnly({ url: other.at }), client, token)).body).toEqual({ active: false });

    const userId = await newUser(reached(one), { userName: 'locked-across', password: PASSWORD });
    const asUser = { path: '/scim2/Users', authorization: basic('locked-across', PASSWORD) };
    expect((await ask(reached(other), asUser)).status, 'known, and without the right').toBe(403);
    await mustAsk(reached(one), { method: 'POST', path: '/api/commands/LockUser', body: { userId } });
    expect((await ask(reached(other), asUser)).status).toBe(401);
  });

  it('redeem a code once, wherever it was made and wherever it is shown', async () => {
    const client = await newClient(reached(one), { name: 'Codes' });
    await newUser(reached(one), { userName: 'coder', password: PASSWORD });
    const pkce = newPkce();
    const login = { userName: 'coder', password: PASSWORD, pkce };
    const code = await codeFor(browserAt({ url: balancer.url }), client, login);
    const answers = await Promise.all(
      [one, other, one, other].map(({ at }) =>
        redeem(addressOnly({ url: at }), client, code, { verifier: pkce.verifier }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('[SEC-L6] show nothing of a person whom the other has erased', async () => {
    const planted = `planted-${crypto.randomUUID()}`;
    const userId = await newUser(reached(one), { userName: 'forgotten', displayName: planted });
    const history = { path: `/api/history/users/${userId}`, ...one.admin };
    expect((await ask(reached(other), history)).text).toContain(planted);
    await mustAsk(reached(one), { method: 'POST', path: '/api/commands/EraseUser', body: { userId } });
    const after = await ask(reached(other), history);
    expect(after.status).toBe(200);
    expect(after.text).not.toContain(planted);
  });
});

describe.runIf(hasMongo)('processes of one role each', () => {
  it('serve together, and who serves nobody answers for its health alone', async () => {
    const deployment = await openDeployment();
    try {
      const projector = await deployment.start('projector');
      await deployment.start('consumers');
      const door = await deployment.start('http');
      const userId = await newUser({ url: door.at, admin: door.admin }, { userName: 'served' });
      const { json } = await mustAsk(
        { url: door.at, admin: door.admin },
        { path: '/scim2/Users?filter=userName%20eq%20served' },
      );
      expect(json.totalResults).toBe(1);
      for (const { at } of [projector, door]) {
        await expect.poll(async () => (await ask({ url: at }, { path: '/health/ready' })).status).toBe(200);
      }
      for (const path of ['/scim2/Users', '/oauth2/jwks', '/api/commands/CreateUser']) {
        expect((await ask({ url: projector.at }, { path, ...door.admin })).status).toBe(404);
      }
      await mustAsk(
        { url: door.at, admin: door.admin },
        { method: 'POST', path: '/api/commands/EraseUser', body: { userId } },
      );
      const types = async () =>
        (await ask({ url: door.at }, { path: `/api/history/users/${userId}`, ...door.admin })).json.entries.map(
          ({ type }: { type: string }) => type,
        );
      await expect.poll(types, { timeout: 10_000 }).toContain('identity.user.erasure_verified.v1');
    } finally {
      await deployment.remove();
    }
  });
});
