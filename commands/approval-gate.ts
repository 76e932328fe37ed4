/** Asks whether a workflow governs a command. What is governed is parked sealed and runs when the last step approves. */
import type { Scope } from './command.ts';

export interface ApprovalGate {
  /** The id under which the command waits; null when it may run now. */
  park(command: { readonly type: string }, scope: Scope<unknown>): Promise<string | null>;
}

/** Without workflows nothing waits. */
export const noApprovals: ApprovalGate = { park: async () => null };
