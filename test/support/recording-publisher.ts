/** A stream that remembers what it was given, and fails when told to. */
import type { RecordedEvent } from '../../infra/event-store/event-store.ts';
import { type EventPublisher, StreamUnavailable } from '../../infra/stream/stream.ts';

export class RecordingPublisher implements EventPublisher {
  readonly events: RecordedEvent[] = [];
  /** Away: takes nothing. Deaf: takes everything, and its acknowledgement is lost. */
  state: 'there' | 'away' | 'deaf' = 'there';
  attempts = 0;

  async publish(events: readonly RecordedEvent[]): Promise<void> {
    this.attempts += 1;
    if (this.state === 'away') throw new StreamUnavailable('the broker is away');
    this.events.push(...events);
    if (this.state === 'deaf') throw new StreamUnavailable('the acknowledgement was lost');
  }
}
