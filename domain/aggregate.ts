/** A stream's state as far as decisions need it. */
import type { DomainEvent } from './event.ts';

export interface Aggregate<State> {
  /** Stream category: `user` for `user-<uuid>`. */
  readonly category: string;
  readonly initial: State;
  /** Never refuses: what is in the log has happened. Event types of others leave the state as it is. */
  readonly evolve: (state: State, event: DomainEvent) => State;
  /** Where it belongs; null while it does not exist. Nobody outside sees it. */
  readonly home: (state: State) => { readonly tenant: string; readonly org: string } | null;
  /** It begins with more than nothing, which no event told: a history says only what was changed. */
  readonly preset?: true;
  /** Whose key seals its personal values; absent where it has none. */
  readonly subject?: (id: string) => string;
}
