/** Which entity a command line means: `user-7f0c…`, or the bare id. */
import type { EventStore } from '../infra/event-store/event-store.ts';
import { type AnyAggregate, aggregateOfCategory, isEntityId } from '../read-api/entities.ts';
import { CannotDo, UsageError } from './command-line.ts';

export interface Entity {
  readonly aggregate: AnyAggregate;
  readonly id: string;
  readonly stream: string;
}

/** Throws `UsageError` for what can be no entity, `CannotDo` when the log has none. */
export async function entityOf(store: Pick<EventStore, 'streamInfo'>, argument: string): Promise<Entity> {
  const candidates = candidatesFor(argument);
  for (const candidate of candidates) {
    const { state } = await store.streamInfo(candidate.stream);
    if (state === 'present') return candidate;
  }
  throw new CannotDo(`the log has no entity ${argument}`);
}

function candidatesFor(argument: string): readonly Entity[] {
  const dash = argument.indexOf('-');
  const named = aggregateOfCategory.get(argument.slice(0, dash));
  const id = argument.slice(dash + 1);
  if (named !== undefined && isEntityId(id)) return [{ aggregate: named, id, stream: argument }];
  if (!isEntityId(argument)) {
    const known = [...aggregateOfCategory.keys()].map((category) => `${category}-<id>`).join(', ');
    throw new UsageError(`an entity is an id, or one of ${known}; not ${argument}`);
  }
  return [...aggregateOfCategory].map(([category, aggregate]) => ({
    aggregate,
    id: argument,
    stream: `${category}-${argument}`,
  }));
}
