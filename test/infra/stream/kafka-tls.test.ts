/** Whom the adapter takes for a broker: a server with a certificate that its authorities vouch for, and nobody else. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, it } from 'vitest';
import { openKafkaStream } from '../../../infra/stream/kafka/kafka-stream.ts';
import { type EventStream, StreamUnavailable } from '../../../infra/stream/stream.ts';
import { noTelemetry } from '../../../infra/telemetry/no-telemetry.ts';
import { newEvent } from '../../support/event-store.ts';

const DAY_MS = 86_400_000;
const TEST_MS_MAX = 30_000;

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

async function certificate(name: string, days: { readonly from: number; readonly to: number }): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + days.from * DAY_MS),
    notAfterDate: new Date(Date.now() + days.to * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ],
  });
  return { cert, key };
}

const CURRENT = { from: -1, to: 1 };

describe('the connection to a broker', { timeout: TEST_MS_MAX }, () => {
  let server: Server;
  let stream: EventStream;
  let heard: Buffer[];
  afterEach(async () => {
    await stream.close();
    server.close();
    await once(server, 'close');
  });

  async function publishTo(shown: Certificate, ca: string | null): Promise<unknown> {
    heard = [];
    server = createServer(shown, (socket) => {
      socket.on('data', (bytes) => {
        heard.push(bytes);
        socket.destroy();
      });
      socket.on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    stream = openKafkaStream({
      place: {
        brokers: [`localhost:${port}`],
        tls: { ca, client: null },
        credentials: { mechanism: 'plain', username: 'muniment', password: 'a-secret' },
      },
      topics: { prefix: 'test', partitions: 1, retentionMs: DAY_MS, replicas: null },
      logIdentity: 'log',
      log: noTelemetry.log,
    });
    const event = { ...newEvent(), stream: 'user-1', revision: 0n, position: { commit: 1n, prepare: 1n } };
    return await stream.publisher?.publish([{ ...event, recordedAt: new Date() }]).catch((error: unknown) => error);
  }

  it('is made with a broker for whom the named authority vouches', async () => {
    const own = await certificate('localhost', CURRENT);
    // It speaks no Kafka; that it was spoken to is what counts.
    expect(await publishTo(own, own.cert)).toBeInstanceOf(StreamUnavailable);
    expect(heard).not.toEqual([]);
  });

  it.each([
    ['of an authority nobody named', 'localhost', CURRENT, false],
    ['for another name', 'kafka.example', CURRENT, true],
    ['that has expired', 'localhost', { from: -3, to: -1 }, true],
  ])('[SEC-H5] sends not a byte to one with a certificate %s', async (_, name, days, isNamed) => {
    const own = await certificate(name, days);
    expect(await publishTo(own, isNamed ? own.cert : null)).toBeInstanceOf(StreamUnavailable);
    expect(heard).toEqual([]);
  });
});
