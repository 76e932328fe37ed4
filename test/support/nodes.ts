/** Several servers over the same log and the same database: nodes of one deployment, each with a folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../crash/server-process.ts';
import { mixedStores } from './mix.ts';
import { startTestServer, type TestServer } from './server.ts';

export interface TestNode extends TestServer {
  /** Address of this node; `url` is that of the deployment. */
  readonly at: string;
}

export interface Deployment {
  /** What every node is told. */
  readonly variables: Readonly<Record<string, string>>;
  start(roles?: string): Promise<TestNode>;
  /** With all nodes that were started. */
  remove(): Promise<void>;
}

export async function openDeployment(more: Readonly<Record<string, string>> = {}): Promise<Deployment> {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-nodes-'));
  const stores = await mixedStores(directory, new Set(['esdb', 'mongo']));
  const variables = {
    ...stores.environment,
    MUNIMENT_MASTER_KEY_FILE: join(directory, 'deployment.key'),
    MUNIMENT_URL: 'http://id.example.com',
    ...more,
  };
  const nodes: TestNode[] = [];
  return {
    variables,
    async start(roles) {
      const port = await freePort();
      const environment = {
        ...variables,
        MUNIMENT_PORT: port,
        ...(roles === undefined ? {} : { MUNIMENT_ROLES: roles }),
      };
      const server = await startTestServer({ directory: join(directory, `node-${nodes.length}`), environment });
      const node = { ...server, at: `http://127.0.0.1:${port}` };
      nodes.push(node);
      return node;
    },
    async remove() {
      for (const node of nodes) await node.stop();
      await stores.close(false);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
