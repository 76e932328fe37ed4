/** The events of one entity, decoded in batches. */
import type { DomainEvent } from '../domain/event.ts';
import type { EventCodec } from '../infra/event-codec/event-codec.ts';
import type { EventStore, RecordedEvent } from '../infra/event-store/event-store.ts';

/** What a look into the past stands on. */
export interface Log {
  readonly store: Pick<EventStore, 'readStream' | 'subscribe' | 'head'>;
  readonly codec: Pick<EventCodec, 'decode' | 'openSource'>;
}

const BATCH_EVENTS = 256;

export async function* entityEvents(log: Log, stream: string): AsyncGenerator<DomainEvent> {
  let batch: RecordedEvent[] = [];
  for await (const event of log.store.readStream(stream)) {
    batch.push(event);
    if (batch.length < BATCH_EVENTS) continue;
    yield* await log.codec.decode(batch);
    batch = [];
  }
  yield* await log.codec.decode(batch);
}
