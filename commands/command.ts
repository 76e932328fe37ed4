/** What a command is: a name, an input, a right, a stream, and a decision. The pipeline does the rest. */
import type { z } from 'zod';
import type { Aggregate } from '../domain/aggregate.ts';
import type { Decision } from '../domain/decision.ts';
import type { DomainEvent } from '../domain/event.ts';
import type { Result } from '../domain/result.ts';
import type { RequestSource } from '../infra/event-codec/event-codec.ts';
import type { Revision } from '../infra/event-store/event-store.ts';
import type { Position } from '../infra/event-store/position.ts';
import type { Caller } from './caller.ts';
import type { Kernel } from './kernel.ts';

/** How a command was sent; the same for every command. */
export interface Envelope {
  readonly caller: Caller;
  readonly correlationId: string;
  /** The event or command that led to this one; the correlation id when nothing did. */
  readonly causationId?: string;
  readonly traceId?: string | null;
  readonly source?: RequestSource | null;
  /** Repeats with the same key and body have one effect and one answer. At most 255 printable characters. */
  readonly idempotencyKey?: string;
  /** What must be the same in a repeat, where the input is worked out from the newest state: the request as it was sent. */
  readonly requestText?: string;
  /** The revision that the caller has seen; another one is refused. */
  readonly ifRevision?: Revision;
  /** Decide, but store nothing: no event, no key, no counter. */
  readonly dryRun?: boolean;
  /** The command id; by default a new one. Given by process managers, so that a replay repeats the event ids. */
  readonly commandId?: string;
}

/** What steps of one execution may use. */
export interface Scope<Input> {
  readonly kernel: Kernel;
  readonly input: Input;
  readonly envelope: Envelope;
  /** Id of the aggregate. */
  readonly id: string;
  /** Epoch milliseconds, one instant for the whole command. */
  readonly nowMs: number;
  /** Ids that repeat when the command is repeated. */
  readonly derivedId: (purpose: string) => string;
}

export interface Command<
  Input = unknown,
  State = unknown,
  Refusal extends CommonRefusal | { reason: string } = { reason: string },
  Facts = unknown,
> {
  /** `CreateUser`. */
  readonly type: string;
  readonly summary: string;
  readonly input: z.ZodType<Input>;
  /** One of these permissions is needed. */
  readonly permissions: readonly string[];
  readonly aggregate: Aggregate<State>;
  /** The aggregate's id; null for a new one, which gets a derived id. */
  readonly target: (input: Input) => string | null;
  /**
   * Gathers what the decision needs from outside: a hashed password, a new secret. Runs once, not in a retry.
   * In a dry run it must leave no trace.
   */
  readonly facts?: (scope: Scope<Input>) => Promise<Result<Facts, Refusal>>;
  /** Pure. Runs again on the newest state after a conflict. */
  readonly decide: (state: State, input: Input, facts: Facts, scope: Scope<Input>) => Result<Decision, Refusal>;
  /** Takes back what `facts` put into the vault when the command came to nothing. */
  readonly undo?: (facts: Facts, scope: Scope<Input>) => Promise<void>;
  /** After the append: clears what the change made useless. May run twice. */
  readonly afterwards?: (outcome: Outcome<State>, facts: Facts, scope: Scope<Input>) => Promise<void>;
  /** Runs in an organization that does not exist yet, or of another tenant than the caller's. Only for the super organization. */
  readonly crossesTenants?: true;
}

/** Refusals that any command may meet. */
export type CommonRefusal =
  | {
      readonly reason: 'invalid-input';
      readonly issues: readonly { readonly path: string; readonly message: string }[];
    }
  | { readonly reason: 'forbidden'; readonly permissions: readonly string[] }
  /** Also for what belongs to another organization. */
  | { readonly reason: 'not-found' }
  | {
      readonly reason: 'value-taken';
      readonly kind: string;
      readonly value: string;
      /** The attribute that has it, where it is one. */
      readonly attribute?: string;
    }
  | { readonly reason: 'revision-differs'; readonly actual: string }
  | { readonly reason: 'idempotency-key-reused' }
  | { readonly reason: 'idempotency-key-invalid' };

export interface Outcome<State = unknown> {
  readonly commandId: string;
  /** Id of the aggregate. */
  readonly id: string;
  readonly state: State;
  readonly revision: Revision | 'no-stream';
  /** Null only where nothing was ever written. */
  readonly position: Position | null;
  readonly changed: boolean;
  /** The new events, readable. In a dry run, those that would have been written. */
  readonly events: readonly DomainEvent[];
  /** An approval governs the command: it waits under this id. */
  readonly pendingApproval?: string;
}

/** Conflicts with other writers did not end: 409 or 503 with `Retry-After`. */
export class CommandContention extends Error {
  readonly stream: string;

  constructor(stream: string) {
    super(`writers of ${stream} keep conflicting`);
    this.name = 'CommandContention';
    this.stream = stream;
  }
}
