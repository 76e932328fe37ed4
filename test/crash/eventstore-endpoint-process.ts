/** A process that serves a log of its own over the protocol of EventStoreDB until it is killed: `directory port`. */
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import { openEventStoreEndpoint } from '../../protocol/eventstore-endpoint/endpoint.ts';

const [, , directory = '', port = '0'] = process.argv;
const store = await openEmbeddedEventStore({ directory, mode: 'writer', freeBytesMin: 0, heartbeatMs: 200 });
const endpoint = await openEventStoreEndpoint({
  log: store.stored,
  port: Number(port),
  writable: true,
  onFault(error) {
    console.error(error);
    process.exit(1);
  },
});
process.stdout.write(`${endpoint.port}\n`);
