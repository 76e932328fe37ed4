/** The role of those who read the log. Older data folders have none: it is made at the start that finds it missing. */
import { z } from 'zod';
import { type Decision, nothing } from '../../domain/decision.ts';
import { AUDITOR_ROLE_ID, SUPER_ORG_ID } from '../../domain/ids.ts';
import { accept } from '../../domain/result.ts';
import { auditorRole, type Role, roles } from '../../domain/roles/role.ts';
import type { Caller } from '../caller.ts';
import type { Command } from '../command.ts';
import type { Kernel } from '../kernel.ts';
import { execute } from '../pipeline.ts';

const input = z.strictObject({});

/** Not sent by name: the server alone gives it. */
const createAuditorRole: Command<z.output<typeof input>, Role> = {
  type: 'CreateAuditorRole',
  summary: 'Creates the role of those who may read the log.',
  input,
  permissions: [],
  aggregate: roles,
  target: () => AUDITOR_ROLE_ID,
  // A deleted one was deleted on purpose.
  decide: (role): ReturnType<Command<object, Role>['decide']> =>
    accept(role.status === 'absent' ? ({ facts: [auditorRole(SUPER_ORG_ID)] } satisfies Decision) : nothing),
};

export async function ensureAuditorRole(kernel: Kernel, caller: Caller): Promise<void> {
  const { state } = await kernel.aggregates.load(roles, AUDITOR_ROLE_ID);
  if (state.status !== 'absent') return;
  const created = await execute(kernel, createAuditorRole, {}, { caller, correlationId: kernel.uuid() });
  if (!created.ok) throw new Error(`the role of auditors cannot be created: ${JSON.stringify(created.refusal)}`);
}
