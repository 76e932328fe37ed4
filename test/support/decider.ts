/** Stories of a decider: given events, when a command, then facts or a refusal. */
import { expect } from 'vitest';
import type { Aggregate } from '../../domain/aggregate.ts';
import type { Decision } from '../../domain/decision.ts';
import type { DomainEvent, Fact } from '../../domain/event.ts';
import type { Result } from '../../domain/result.ts';

export const TENANT = '11111111-1111-4111-8111-111111111111';

export function recorded(fact: Fact, revision: number, stream: string): DomainEvent {
  const position = { commit: BigInt(revision + 1), prepare: BigInt(revision + 1) };
  const at = new Date(Date.UTC(2026, 0, 1, 0, 0, revision)).toISOString();
  const meta = { $correlationId: 'c', $causationId: 'c', at, tenant: TENANT, org: TENANT };
  return { id: `e${revision}`, ...fact, meta, stream, revision: BigInt(revision), position, erased: false };
}

export function stateAfter<State>(aggregate: Aggregate<State>, given: readonly Fact[], id = 'x'): State {
  const events = given.map((fact, revision) => recorded(fact, revision, `${aggregate.category}-${id}`));
  return events.reduce(aggregate.evolve, aggregate.initial);
}

export interface Story<State, Refusal> {
  readonly given: readonly Fact[];
  readonly when: (state: State) => Result<Decision, Refusal>;
}

export function storiesOf<State>(aggregate: Aggregate<State>) {
  const run = <Refusal>({ given, when }: Story<State, Refusal>) => when(stateAfter(aggregate, given));
  return {
    records<Refusal>(story: Story<State, Refusal>, then: readonly Fact[]): void {
      const decided = run(story);
      expect(decided).toMatchObject({ ok: true });
      if (decided.ok) expect(decided.value.facts).toEqual(then);
    },
    refuses<Refusal>(story: Story<State, Refusal>, refusal: object): void {
      expect(run(story)).toEqual({ ok: false, refusal });
    },
    decides<Refusal>(story: Story<State, Refusal>): Result<Decision, Refusal> {
      return run(story);
    },
  };
}
