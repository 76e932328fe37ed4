/** Lifts one version of an event type to the next. Pure; chained at read; stored bytes never change. */
import type { EventMeta, Fact } from '../../domain/event.ts';

export interface Upcaster {
  readonly from: string;
  /** Several facts are a split; none retires the type. */
  readonly lift: (fact: Fact, meta: EventMeta) => readonly Fact[];
}
