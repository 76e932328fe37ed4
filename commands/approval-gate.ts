/** Asks whether a workflow governs a command. What is governed is parked sealed and runs when the last step approves. */
import type { Caller } from './caller.ts';

export interface GovernedCommand {
  readonly type: string;
  /** Id of the aggregate. */
  readonly id: string;
  readonly input: unknown;
  readonly caller: Caller;
}

export interface ApprovalGate {
  /** The id under which the command waits; null when it may run now. */
  park(command: GovernedCommand): Promise<string | null>;
}

/** Without workflows nothing waits. */
export const noApprovals: ApprovalGate = { park: async () => null };
