/**
 * An application over Kafka or, where the broker is named `embedded`, over its log, to be killed: writes to its log under load, relays, and follows with an effect that leaves
 * one line per event in a file. Prints `ready`, and then the id of each event that the log has acknowledged.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Consumer } from '../../consumers/consumer.ts';
import { ConsumerEngine } from '../../consumers/engine.ts';
import { carriedTypes } from '../../infra/stream/carried.ts';
import { openEmbeddedStream } from '../../infra/stream/embedded/embedded-stream.ts';
import { startRelay } from '../../infra/stream/relay.ts';
import { newEvents } from '../support/event-store.ts';
import { declaredTopics, kafkaPlace, kafkaStream } from '../support/kafka.ts';
import { openTestKernel } from '../support/kernel.ts';

const TYPE = 'test.thing.happened.v1';
const STREAMS = 12;
const WRITERS = 3;
const PAUSE_MS_MAX = 6;

const [directory = '', broker = '', prefix = ''] = process.argv.slice(2);
const { kernel, close } = await openTestKernel({ directory, deploymentKey: Buffer.alloc(32, 1) });
const { store, transient, clock, telemetry } = kernel;
const stream =
  broker === 'embedded'
    ? openEmbeddedStream({ store, transient, clock, leases: null })
    : kafkaStream(declaredTopics(prefix), store.identity, { ...kafkaPlace, brokers: [broker] });
const consumer: Consumer = {
  name: 'witness',
  categories: ['user'],
  types: new Set([TYPE]),
  onRepeat: 'same',
  effect: async ({ id }) => appendFileSync(join(directory, 'effects'), `${id}\n`),
};
const { publisher } = stream;
const carries = carriedTypes([TYPE]);
const relay =
  publisher === null
    ? null
    : startRelay({ destination: prefix, store, publisher, transient, leases: null, carries, clock, telemetry });
const engine = new ConsumerEngine({ kernel, stream, consumers: [consumer] });

const keys = Array.from({ length: STREAMS }, (_, index) => `user-${index}`);
let writes = true;

async function write(): Promise<void> {
  while (writes) {
    const key = keys[Math.floor(Math.random() * keys.length)] ?? '';
    const events = newEvents(1 + Math.floor(Math.random() * 3), { data: { filler: randomUUID() } });
    await store.append(key, 'any', events);
    for (const { id } of events) process.stdout.write(`${id}\n`);
    await pause(Math.random() * PAUSE_MS_MAX);
  }
}
const writing = Promise.all(Array.from({ length: WRITERS }, write));

// Writes no more, and lets what is written go its way.
process.once('SIGUSR2', () => {
  writes = false;
});
process.once('SIGTERM', async () => {
  await writing;
  await engine.stop();
  await relay?.stop();
  await stream.close();
  await close('keep');
});

// Whoever reads it may send a signal at once, and one without a handler ends the process.
process.stdout.write('ready\n');
