/** The first start: the super organization with its administrator, and what is unfinished from a stopped one. */
import { randomInt } from 'node:crypto';
import { SUPER_ORG_ID, type TenantId } from '../domain/ids.ts';
import { organizations } from '../domain/organizations/organization.ts';
import { isPasswordRefusal, type PasswordRefusal, passwordSentence } from '../domain/users/password.ts';
import type { Leases } from '../infra/lease/lease.ts';
import type { Caller } from './caller.ts';
import { uuidFrom } from './derived-ids.ts';
import type { Kernel } from './kernel.ts';
import { createRootOrganization } from './organizations/root-organization.ts';
import { execute } from './pipeline.ts';
import { ensureAuditorRole } from './roles/create-auditor-role.ts';
import { setUserPassword } from './users/change-user.ts';

const PASSWORD_CHARACTERS = 20;
/** Without look-alikes, so that it can be read off a screen; one of each kind, as the rules ask. */
const KINDS = ['abcdefghijkmnpqrstuvwxyz', 'ABCDEFGHJKLMNPQRSTUVWXYZ', '23456789', '-_.'];
const ALPHABET = KINDS.join('');

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
export async function setUp(kernel: Kernel, first: FirstStart, leases: Leases): Promise<string | null> {
  const password = (await isSetUp(kernel, first)) ? null : await foundAlone(kernel, first, leases);
  await ensureAuditorRole(kernel, systemCaller(SUPER_ORG_ID, 'first-start'));
  return password;
}

async function foundAlone(kernel: Kernel, first: FirstStart, leases: Leases): Promise<string | null> {
  const lease = await leases.acquire('first-start');
  try {
    return (await isSetUp(kernel, first)) ? null : await found(kernel, first);
  } finally {
    await lease.release();
  }
}

async function isSetUp({ aggregates }: Kernel, { superTenant }: FirstStart): Promise<boolean> {
  const { state } = await aggregates.load(organizations, SUPER_ORG_ID);
  if (state.status === 'absent') return false;
  if (state.handle !== superTenant) throw new SuperTenantDiffers(state.handle, superTenant);
  return true;
}

async function found(kernel: Kernel, { superTenant, adminName, adminPassword }: FirstStart): Promise<string | null> {
  const password = adminPassword ?? generatedPassword();
  const input = { id: SUPER_ORG_ID, handle: superTenant, name: 'Super', owner: { userName: adminName, password } };
  const caller = systemCaller(SUPER_ORG_ID, 'first-start');
  const correlationId = kernel.uuid();
  const isAtOnce = kernel.store.capabilities.atomicMultiStream;
  const envelope = { caller, correlationId, ...(isAtOnce ? {} : { commandId: await repeatableId(kernel) }) };
  const created = await execute(kernel, createRootOrganization, input, envelope);
  if (!created.ok && isPasswordRefusal(created.refusal)) throw new AdminPasswordRefused(created.refusal);
  if (!created.ok) throw new Error(`the super organization cannot be created: ${JSON.stringify(created.refusal)}`);
  if (adminPassword !== null) return null;
  if (!isAtOnce) {
    // The account may be that of a stopped first start, with another password than this.
    const userId = created.value.state.owner ?? '';
    const set = await execute(kernel, setUserPassword, { userId, password }, { caller, correlationId });
    if (!set.ok) throw new Error(`the administrator's password cannot be set: ${set.refusal.reason}`);
  }
  return password;
}

/** The same for each try of one deployment: what a stopped one left behind is its own, and it goes on from there. */
async function repeatableId({ vault }: Kernel): Promise<string> {
  return uuidFrom((await vault.blindIndex('global', 'first-start')).toString('base64url'));
}

/** The rules hold for the first password too. */
export class AdminPasswordRefused extends Error {
  constructor(refusal: PasswordRefusal) {
    super(`MUNIMENT_ADMIN_PASSWORD cannot be the administrator's password: ${passwordSentence(refusal)}`);
    this.name = 'AdminPasswordRefused';
  }
}

/** The handle stands in addresses and tokens, so it cannot change after the first start. */
export class SuperTenantDiffers extends Error {
  constructor(recorded: string, configured: string) {
    super(`the super organization was set up as ${recorded}; MUNIMENT_SUPER_TENANT says ${configured}`);
    this.name = 'SuperTenantDiffers';
  }
}

function generatedPassword(): string {
  for (;;) {
    const password = Array.from({ length: PASSWORD_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
    if (KINDS.every((kind) => [...kind].some((character) => password.includes(character)))) return password;
  }
}
