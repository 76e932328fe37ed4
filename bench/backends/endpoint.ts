/** A process that serves an embedded log over the protocol of EventStoreDB until it is killed: `directory`. */
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import { openEventStoreEndpoint } from '../../protocol/eventstore-endpoint/endpoint.ts';

const [, , directory = ''] = process.argv;
const store = await openEmbeddedEventStore({ directory, mode: 'writer' });
const endpoint = await openEventStoreEndpoint({
  log: store.stored,
  writable: true,
  onFault(error) {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
});
process.stdout.write(`${endpoint.port}\n`);
