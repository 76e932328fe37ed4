/** What a decider answers: facts to record, and the values that must be unique or become free with them. */
import type { Fact } from './event.ts';

/** What must be unique, and within what. */
export interface Claim {
  readonly kind: 'username' | 'handle' | 'client-id' | 'application-name' | 'role-name' | 'group-name';
  /** Organization id, or `global`. */
  readonly scope: string;
  readonly value: string;
}

/** Events for one stream. `subject`: whose key seals them; `newSubject`: the key is made with them. */
export interface StreamFacts {
  readonly stream: string;
  readonly facts: readonly Fact[];
  readonly subject?: string;
  readonly newSubject?: true;
  /** What must be unique, owned by this stream. */
  readonly claims?: readonly Claim[];
}

export interface Decision {
  /** For the command's own stream. None: what was asked is so already. */
  readonly facts: readonly Fact[];
  readonly claims?: readonly Claim[];
  readonly releases?: readonly Claim[];
  /** New streams born with this decision. They mean nothing until the command's own stream speaks of them. */
  readonly births?: readonly StreamFacts[];
}

export const nothing: Decision = { facts: [] };
