/** Every module of a running server, those of its threads too, so that the compile cache has them all. */
import './eventstore-door.ts';
import './listen.ts';
import './projector.ts';
import './start.ts';
import '../infra/event-store/embedded/log-writer-thread.ts';
import '../infra/read-store/embedded/reader.ts';
import '../infra/read-store/embedded/writer.ts';
import '../infra/side-stores/open-side-stores.ts';
import '../infra/side-stores/side-writer.ts';

/** The modules of servers that this deployment does not name are neither compiled nor loaded. */
const named = (...parts: readonly string[]): boolean =>
  parts.some((part) => {
    const place = process.env[`MUNIMENT_${part}`] ?? process.env[`MUNIMENT_${part}_FILE`] ?? '';
    return place !== '' && place !== 'embedded';
  });

if (named('EVENT_STORE')) await import('../infra/event-store/esdb/esdb-log.ts');
if (named('READ_STORE', 'TRANSIENT_STORE', 'VAULT')) await import('./mongo-modules.ts');
/** The client of a broker that this deployment does not name is neither compiled nor loaded. */
if (process.env['MUNIMENT_STREAM']?.startsWith('kafka:') === true) {
  await import('../infra/stream/kafka/kafka-stream.ts');
}
