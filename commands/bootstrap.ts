/** The first start: the super organization with its administrator, and what is unfinished from a stopped one. */
import { randomInt } from 'node:crypto';
import { SUPER_ORG_ID, type TenantId } from '../domain/ids.ts';
import { organizations } from '../domain/organizations/organization.ts';
import type { Caller } from './caller.ts';
import type { Kernel } from './kernel.ts';
import { createRootOrganization } from './organizations/root-organization.ts';
import { execute } from './pipeline.ts';
import { ensureAuditorRole } from './roles/create-auditor-role.ts';

const PASSWORD_CHARACTERS = 20;
/** Without look-alikes, so that it can be read off a screen. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

export interface FirstStart {
  readonly superTenant: string;
  readonly adminName: string;
  /** Null: one is generated. */
  readonly adminPassword: string | null;
}

export const systemCaller = (tenant: TenantId, id: string): Caller => ({
  kind: 'system',
  id,
  tenant,
  org: tenant,
  permissions: new Set(),
  memoryKey: `system|${id}`,
});

/** The generated password, to be shown once; null when the server was set up before, or the password was given. */
export async function setUp(
  kernel: Kernel,
  { superTenant, adminName, adminPassword }: FirstStart,
): Promise<string | null> {
  const caller = systemCaller(SUPER_ORG_ID, 'first-start');
  const { state } = await kernel.aggregates.load(organizations, SUPER_ORG_ID);
  if (state.status !== 'absent') {
    if (state.handle !== superTenant) throw new SuperTenantDiffers(state.handle, superTenant);
    await ensureAuditorRole(kernel, caller);
    return null;
  }
  const password = adminPassword ?? generatedPassword();
  const input = { id: SUPER_ORG_ID, handle: superTenant, name: 'Super', owner: { userName: adminName, password } };
  const created = await execute(kernel, createRootOrganization, input, { caller, correlationId: kernel.uuid() });
  if (!created.ok) throw new Error(`the super organization cannot be created: ${JSON.stringify(created.refusal)}`);
  await ensureAuditorRole(kernel, caller);
  return adminPassword === null ? password : null;
}

/** The handle stands in addresses and tokens, so it cannot change after the first start. */
export class SuperTenantDiffers extends Error {
  constructor(recorded: string, configured: string) {
    super(`the super organization was set up as ${recorded}; MUNIMENT_SUPER_TENANT says ${configured}`);
    this.name = 'SuperTenantDiffers';
  }
}

const generatedPassword = (): string =>
  Array.from({ length: PASSWORD_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
