/** What tests of and over the event store share. */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../domain/json.ts';
import { Unsupported } from '../../infra/event-store/errors.ts';
import type { EventStore, NewEvent, RecordedEvent, SubscriptionMessage } from '../../infra/event-store/event-store.ts';

export interface EventOptions {
  readonly id?: string;
  readonly type?: string;
  readonly data?: JsonObject;
}

export const newEvent = ({
  id = randomUUID(),
  type = 'test.thing.happened.v1',
  data = {},
}: EventOptions = {}): NewEvent => ({
  id,
  type,
  data,
  meta: { $correlationId: id, $causationId: id, at: '2026-01-02T03:04:05.678Z' },
});

export const newEvents = (count: number, options: Omit<EventOptions, 'id'> = {}): NewEvent[] =>
  Array.from({ length: count }, (_, index) => newEvent({ data: { index }, ...options }));

export const newStream = (category = 'user'): string => `${category}-${randomUUID()}`;

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export const idsOf = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);

/** Messages up to and with the first that satisfies the condition. */
export async function messagesUntil(
  messages: AsyncIterable<SubscriptionMessage>,
  isLast: (message: SubscriptionMessage, events: readonly RecordedEvent[]) => boolean,
): Promise<{ messages: SubscriptionMessage[]; events: RecordedEvent[] }> {
  const seen: SubscriptionMessage[] = [];
  const events: RecordedEvent[] = [];
  for await (const message of messages) {
    seen.push(message);
    if (message.kind === 'event') events.push(message.event);
    if (isLast(message, events)) break;
  }
  return { messages: seen, events };
}

/** Asks again until the answer is yes; fails after ten seconds. */
export async function eventually(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  const until = performance.now() + 10_000;
  while (!(await isTrue())) {
    if (performance.now() > until) throw new Error('the condition did not come true within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A store that cannot append to several streams at once, as every EventStoreDB before 25.1. */
export function withoutAtomicAppend<Store extends EventStore>(store: Store): Store {
  const capabilities = { ...store.capabilities, atomicMultiStream: false, checkUnwrittenStreams: false };
  return new Proxy(store, {
    get(target, property) {
      if (property === 'capabilities') return capabilities;
      if (property === 'appendAtomic')
        return () => Promise.reject(new Unsupported('appending to several streams at once'));
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
