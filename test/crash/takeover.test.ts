/** Two nodes, and the one that leads killed or stopped: the other takes its place, and nothing is written twice. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authorizeUrl, hidden, newPkce, redeem } from '../protocol/oauth2/browser.ts';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { type MixedStores, mixedStores } from '../support/mix.ts';
import { hasMongo, requireMongo } from '../support/mongo.ts';
import { basic } from '../support/server.ts';
import { addressOnly, ask, browserAt, mustAsk, newClient, newUser } from '../support/server-client.ts';
import {
  freePort,
  runMuniment,
  type ServerProcess,
  startProcess,
  type Variables,
  variablesFor,
} from './server-process.ts';

const TAKEOVER_MS_MAX = 10_000;
const TEST_MS_MAX = 90_000;
const PASSWORD = 'A-password-for-tests-1';
const admin = { authorization: basic('admin', PASSWORD) };

requireMongo();

interface Node {
  readonly url: string;
  readonly admin: typeof admin;
  readonly variables: Variables;
  readonly server: ServerProcess;
}

describe.runIf(hasMongo)('of two nodes', { timeout: TEST_MS_MAX }, () => {
  let directory: string;
  let stores: MixedStores;
  let balancer: Balancer;
  let nodes: Node[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'muniment-takeover-'));
    stores = await mixedStores(directory, new Set(['esdb', 'mongo']));
    balancer = await startBalancer();
    nodes = [await started('a'), await started('b')];
  });
  afterEach(async () => {
    for (const { server } of nodes) await server.end('SIGKILL');
    await balancer.close();
    await stores.close(false);
    await rm(directory, { recursive: true, force: true });
  });

  async function started(name: string): Promise<Node> {
    const port = await freePort();
    const variables = variablesFor(join(directory, name), {
      ...stores.environment,
      MUNIMENT_ADMIN_PASSWORD: PASSWORD,
      MUNIMENT_MASTER_KEY_FILE: join(directory, 'deployment.key'),
      MUNIMENT_PORT: port,
      MUNIMENT_URL: balancer.url,
    });
    const server = await startProcess(variables);
    balancer.nodes.push(port);
    return { url: `http://127.0.0.1:${port}`, admin, variables, server };
  }

  const listed = async (node: Node, userName: string): Promise<number> => {
    const { status, json } = await ask(node, { path: `/scim2/Users?filter=userName%20eq%20${userName}`, ...admin });
    return status === 200 ? json.totalResults : -1;
  };

  /** The first to start leads. */
  const pair = (): readonly [Node, Node] => nodes as unknown as [Node, Node];

  it('the other goes on with the read models within 10 s of a kill', async () => {
    const [leader, other] = pair();
    await newUser(leader, { userName: 'before' });
    await expect.poll(() => listed(other, 'before'), { timeout: TAKEOVER_MS_MAX }).toBe(1);
    await leader.server.end('SIGKILL');
    const killedMs = performance.now();
    await newUser(other, { userName: 'after' });
    await expect.poll(() => listed(other, 'after'), { timeout: TAKEOVER_MS_MAX, interval: 50 }).toBe(1);
    expect(performance.now() - killedMs).toBeLessThan(TAKEOVER_MS_MAX);
  });

  it('one that stood still and wakes up writes nothing, and leaves read models that say what the log says', async () => {
    const [leader, other] = pair();
    const userId = await newUser(leader, { userName: 'still', displayName: 'first' });
    await expect.poll(() => listed(other, 'still'), { timeout: TAKEOVER_MS_MAX }).toBe(1);
    process.kill(leader.server.pid, 'SIGSTOP');
    const body = { Operations: [{ op: 'replace', path: 'displayName', value: 'second' }] };
    const path = `/scim2/Users/${userId}`;
    await mustAsk(other, { method: 'PATCH', path, type: 'application/scim+json', body });
    const name = async () => (await ask(other, { path, ...admin })).json?.displayName;
    await expect.poll(name, { timeout: TAKEOVER_MS_MAX }).toBe('second');
    process.kill(leader.server.pid, 'SIGCONT');
    await mustAsk(leader, { path: '/health/live' });
    for (let number = 0; number < 10; number += 1) await newUser(leader, { userName: `woken-${number}` });
    await expect.poll(() => listed(leader, 'woken-9'), { timeout: TAKEOVER_MS_MAX }).toBe(1);
    const doctor = await runMuniment(['doctor'], other.variables);
    expect(doctor.code, doctor.output + doctor.errors).toBe(0);
  });

  it('one is killed in the middle of a sign-in, which is finished on the other', async () => {
    const [first] = pair();
    const client = await newClient(first, { name: 'Shop' });
    await newUser(first, { userName: 'kim', password: 'Correct-horse-9' });
    const browser = browserAt({ url: balancer.url });
    const pkce = newPkce();
    const page = await browser.open(authorizeUrl(client, { pkce }));
    await first.server.end('SIGKILL');
    const form = { username: 'kim', password: 'Correct-horse-9', sessionDataKey: hidden(page.html, 'sessionDataKey') };
    const consent = await again(() => browser.open('/commonauth', form));
    const answer = { consent: 'approve', sessionDataKeyConsent: hidden(consent.html, 'sessionDataKeyConsent') };
    const { url } = await again(() => browser.open('/oauth2/authorize', answer));
    const code = url.searchParams.get('code') ?? '';
    const { status } = await redeem(addressOnly({ url: balancer.url }), client, code, { verifier: pkce.verifier });
    expect(status).toBe(200);
  });
});

/** As browsers do: a connection that the dead node held open is replaced. */
async function again<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return await work();
  }
}
