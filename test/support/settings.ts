/** Sets governance settings of the super organization, or of another one, by the command that doors use. */
import type { Kernel } from '../../commands/kernel.ts';
import { execute } from '../../commands/pipeline.ts';
import { configureConnectors } from '../../commands/settings/change-settings.ts';
import { type OrgId, SUPER_ORG_ID } from '../../domain/ids.ts';
import { asking, system } from './kernel.ts';

export async function setSettings(
  kernel: Kernel,
  connector: string,
  set: Readonly<Record<string, string>>,
  organizationId: OrgId = SUPER_ORG_ID,
): Promise<void> {
  const caller = { ...system, tenant: organizationId, org: organizationId };
  const input = { organizationId, connectors: [{ connector, set }] };
  const outcome = await execute(kernel, configureConnectors, input, asking({ caller }));
  if (!outcome.ok) throw new Error(`settings were refused: ${JSON.stringify(outcome.refusal)}`);
}
