/** A subscription in batches: whatever has arrived, at once. A single event does not wait for company. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordedEvent, SubscriptionMessage } from './event-store.ts';
import type { Position } from './position.ts';

export interface Arrival {
  readonly events: readonly RecordedEvent[];
  /** Everything up to here has arrived; null when the subscription did not say. */
  readonly through: Position | null;
}

const NOTHING = Symbol('nothing yet');

export async function* arrivals(
  messages: AsyncIterable<SubscriptionMessage>,
  eventsMax: number,
): AsyncGenerator<Arrival> {
  const subscription = messages[Symbol.asyncIterator]();
  const ask = () => {
    const next = subscription.next();
    // Awaited below, but maybe only after the batch before it was worked off.
    next.catch(() => undefined);
    return next;
  };
  let pending = ask();
  try {
    for (;;) {
      const first = await pending;
      if (first.done === true) return;
      const gathered = new Gathered(first.value);
      pending = ask();
      const turn = nextTurn(NOTHING);
      while (gathered.events.length < eventsMax) {
        const next = await Promise.race([pending, turn]);
        if (next === NOTHING || next.done === true) break;
        gathered.add(next.value);
        pending = ask();
      }
      yield gathered;
    }
  } finally {
    await subscription.return?.();
  }
}

class Gathered implements Arrival {
  readonly events: RecordedEvent[] = [];
  through: Position | null = null;

  constructor(first: SubscriptionMessage) {
    this.add(first);
  }

  add(message: SubscriptionMessage): void {
    if (message.kind === 'event') {
      this.events.push(message.event);
      this.through = message.event.position;
      return;
    }
    this.through = message.position ?? this.through;
  }
}
