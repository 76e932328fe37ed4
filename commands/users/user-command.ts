/** What the commands on a user share: inputs, the password's way into the vault, and who may touch an owner's account. */
import { z } from 'zod';
import { organizations } from '../../domain/organizations/organization.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import type { AttributeRefusal } from '../../domain/users/attribute-check.ts';
import type { PasswordRefusal } from '../../domain/users/password.ts';
import { passwordRefusal } from '../../domain/users/password.ts';
import type { UserRefusal } from '../../domain/users/user.ts';
import type { Attributes } from '../../domain/users/user-events.ts';
import type { SecretRef } from '../../infra/vault/vault.ts';
import type { Scope } from '../command.ts';

/** The account that owns an organization is changed by nobody but itself. */
type OwnerRefusal = { readonly reason: 'owner-protected' };

export type UserCommandRefusal = UserRefusal | PasswordRefusal | OwnerRefusal | AttributeRefusal;

export interface PasswordFacts {
  /** Id of the new verifier in the vault; absent where no password was given. */
  readonly verifier?: string;
}

export const ATTRIBUTES_MAX = 500;
const VALUE_CHARACTERS_MAX = 20_000;
const ELEMENTS_MAX = 1_000;

const scalar = z.union([z.string().max(VALUE_CHARACTERS_MAX), z.number(), z.boolean()]);
/** Which names there are, the organization's definitions say: state, tenancy and what the server owns are never among them. */
const path = z
  .string()
  .max(500)
  .regex(/^[A-Za-z][^\s\p{C}]*$/u, 'is no name of an attribute');
const member = z
  .string()
  .max(100)
  .refine((name) => name !== '__proto__', 'is reserved');

export const attributesInput = z
  .record(path, z.union([scalar, z.array(z.union([scalar, z.record(member, scalar)])).max(ELEMENTS_MAX)]))
  .refine(
    (attributes) => Object.keys(attributes).length <= ATTRIBUTES_MAX,
    `has more than ${ATTRIBUTES_MAX} attributes`,
  )
  .transform((attributes): Attributes => attributes);

/** What becomes of names that no definition has. */
export const undeclaredInput = z.enum(['refuse', 'drop']).default('refuse');

export const unsetInput = z.array(path).max(ATTRIBUTES_MAX);

export const passwordRef = (user: string, verifier: string): SecretRef => ({
  kind: 'password',
  owner: user,
  id: verifier,
});

/** Hashes and stores a new verifier under a new id: the event that names it makes it count. */
export async function storePassword(
  scope: Scope<unknown>,
  password: string | undefined,
): Promise<Result<PasswordFacts, PasswordRefusal>> {
  if (password === undefined) return accept({});
  const refusal = passwordRefusal(password);
  if (refusal !== null) return refuse(refusal);
  const { kernel, envelope, id } = scope;
  const verifier = kernel.uuid();
  if (envelope.dryRun === true) return accept({ verifier });

  const phc = await kernel.hasher.hash(password);
  await kernel.vault.putSecret(passwordRef(id, verifier), envelope.caller.org, Buffer.from(phc));
  return accept({ verifier });
}

export async function discardPassword({ verifier }: PasswordFacts, scope: Scope<unknown>): Promise<void> {
  if (verifier !== undefined && scope.envelope.dryRun !== true) {
    await scope.kernel.vault.removeSecret(passwordRef(scope.id, verifier));
  }
}

export async function ownerRefusal(scope: Scope<unknown>): Promise<OwnerRefusal | null> {
  const { caller } = scope.envelope;
  if (caller.kind === 'system' || caller.id === scope.id) return null;
  const organization = await scope.kernel.aggregates.load(organizations, caller.org);
  return organization.state.owner === scope.id ? { reason: 'owner-protected' } : null;
}
