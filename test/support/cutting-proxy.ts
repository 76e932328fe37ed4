/** A proxy between a client and a server that swallows answers, cuts connections and refuses new ones. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly port: number;
  /** Tried by clients, refused ones included. */
  connections(): number;
  /** What the server says reaches nobody, until the next {@link cut}. */
  swallowAnswers(): void;
  /** Resets every connection; new ones work. */
  cut(): void;
  /** Resets every connection, and new ones at once. */
  refuse(): void;
  close(): Promise<void>;
}

export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const mode = { swallows: false, refuses: false };
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    if (mode.refuses) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (!mode.swallows) client.write(bytes);
    });
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of pair) socket.on('close', end).on('error', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    mode.swallows = false;
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
    pairs.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    swallowAnswers() {
      mode.swallows = true;
    },
    cut,
    refuse() {
      mode.refuses = true;
      cut();
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
