/** Chains upcasters: an event of any version becomes events of the newest. */
import type { EventMeta, Fact } from '../../domain/event.ts';
import type { EventMarks } from '../../domain/event-marks.ts';
import type { Upcaster } from './upcaster.ts';

/** No type has lived through more versions than this: beyond it the upcasters go in a circle. */
const LIFTS_MAX = 100;

export interface Lifter {
  isRetired(type: string): boolean;
  /** In order; a split keeps its place. Empty when the type was retired without a successor. */
  lift(fact: Fact, meta: EventMeta): readonly Fact[];
}

export function createLifter(upcasters: readonly Upcaster[], catalogue: EventMarks): Lifter {
  const byType = new Map<string, Upcaster>();
  for (const upcaster of upcasters) {
    if (byType.has(upcaster.from)) throw new Error(`event type ${upcaster.from} has two upcasters`);
    if (!catalogue.has(upcaster.from)) throw new Error(`event type ${upcaster.from} has an upcaster but no schema`);
    byType.set(upcaster.from, upcaster);
  }

  function liftFurther(fact: Fact, meta: EventMeta, lifts: number): readonly Fact[] {
    const upcaster = byType.get(fact.type);
    if (upcaster === undefined) return [fact];
    if (lifts === LIFTS_MAX) throw new Error(`the upcasters of event type ${fact.type} never end`);
    return upcaster.lift(fact, meta).flatMap((lifted) => liftFurther(lifted, meta, lifts + 1));
  }

  return {
    isRetired: (type) => byType.has(type),
    lift: (fact, meta) => liftFurther(fact, meta, 0),
  };
}
