/** Metrics on a listener of their own, never on the public one: they ask for no credential and tell much. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Telemetry } from './telemetry.ts';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface MetricsListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects when the address is taken. */
export async function listenForMetrics(
  telemetry: Pick<Telemetry, 'metrics' | 'log'>,
  address: { readonly host: string; readonly port: number },
): Promise<MetricsListener> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end();
    telemetry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': CONTENT_TYPE, 'cache-control': 'no-store' }).end(text),
      (error: unknown) => {
        telemetry.log.error('metrics.scrape.failed', { action: 'Look at the error: a gauge cannot be read.', error });
        response.writeHead(500).end();
      },
    );
  });
  server.listen(address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
