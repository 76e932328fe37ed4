/** Events that an operator let a consumer pass over. Streams `consumer-<name>`. */
import { z } from 'zod';
import type { Aggregate } from '../aggregate.ts';
import { type Decision, nothing } from '../decision.ts';
import type { DomainEvent } from '../event.ts';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';
import { accept, type Result } from '../result.ts';

const text = plain(z.string());

export const consumerEventDefinitions = [
  defineEvent(
    'operations.consumer.event_skipped.v1',
    // What an operator says of an event names no person: he is told so when he is asked.
    z.object({ consumer: text, event: text, stream: text, position: text, reason: text }),
  ),
] as const;

type ConsumerEvent = EventOf<typeof consumerEventDefinitions>;

export interface ConsumerRecord {
  readonly tenant: string;
  readonly org: string;
  /** Ids. */
  readonly skipped: ReadonlySet<string>;
}

export const consumerRecords: Aggregate<ConsumerRecord> = {
  category: 'consumer',
  initial: { tenant: '', org: '', skipped: new Set() },
  evolve(record, event) {
    if (event.type !== 'operations.consumer.event_skipped.v1') return record;
    const { data, meta } = event as DomainEvent<ConsumerEvent['type'], ConsumerEvent['data']>;
    return { tenant: meta.tenant ?? '', org: meta.org ?? '', skipped: new Set(record.skipped).add(data.event) };
  },
  home: (record) => (record.tenant === '' ? null : record),
};

export function decideSkipEvent(record: ConsumerRecord, skip: ConsumerEvent['data']): Result<Decision, never> {
  if (record.skipped.has(skip.event)) return accept(nothing);
  return accept({ facts: [{ type: 'operations.consumer.event_skipped.v1', data: skip }] });
}
