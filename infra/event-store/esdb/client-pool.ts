/** Spreads subscriptions over connections: a server allows a hundred open calls on one, and lets the rest wait. */
import type { EsdbDriver, OpenDriver } from './driver.ts';

export const SUBSCRIPTIONS_PER_CLIENT_MAX = 40;

interface Client {
  readonly driver: EsdbDriver;
  subscriptions: number;
}

export interface Lease {
  readonly driver: EsdbDriver;
  /** Once. */
  release(): void;
}

export class ClientPool {
  readonly #open: OpenDriver;
  readonly #clients = new Set<Client>();

  constructor(open: OpenDriver) {
    this.#open = open;
  }

  lease(): Lease {
    const client = this.#withRoom() ?? this.#add();
    client.subscriptions += 1;
    return { driver: client.driver, release: () => this.#release(client) };
  }

  async close(): Promise<void> {
    const clients = [...this.#clients];
    this.#clients.clear();
    await Promise.all(clients.map(({ driver }) => driver.close()));
  }

  #withRoom(): Client | null {
    for (const client of this.#clients) if (client.subscriptions < SUBSCRIPTIONS_PER_CLIENT_MAX) return client;
    return null;
  }

  #add(): Client {
    const client = { driver: this.#open(), subscriptions: 0 };
    this.#clients.add(client);
    return client;
  }

  #release(client: Client): void {
    client.subscriptions -= 1;
    if (client.subscriptions > 0 || this.#clients.size === 1 || !this.#clients.delete(client)) return;
    void client.driver.close();
  }
}
