/** A load balancer without sticky sessions: each connection goes to the next node that takes it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Balancer {
  readonly url: string;
  /** Ports of the nodes. */
  readonly nodes: string[];
  close(): Promise<void>;
}

export async function startBalancer(): Promise<Balancer> {
  const nodes: string[] = [];
  const open = new Set<Socket>();
  let turn = 0;
  const server = createServer((client) => {
    open.add(client);
    client.on('close', () => open.delete(client)).on('error', () => client.destroy());
    turn += 1;
    void join(client, turn, nodes.length);
  }).listen(0, '127.0.0.1');

  async function join(client: Socket, first: number, tries: number): Promise<void> {
    const upstream = connect(Number(nodes[first % nodes.length]), '127.0.0.1');
    try {
      await once(upstream, 'connect');
    } catch (error) {
      if (tries > 1) return await join(client, first + 1, tries - 1);
      client.destroy(error as Error);
      return;
    }
    upstream.on('close', () => client.destroy()).on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  }

  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    nodes,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
