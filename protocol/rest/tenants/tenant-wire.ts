/** The contract's `TenantModel`, to the command's input; and its answers about tenants and owners. */
import { z } from 'zod';
import type { createRootOrganization } from '../../../commands/organizations/root-organization.ts';
import type { Organization } from '../../../domain/organizations/organization.ts';
import type { User } from '../../../domain/users/user.ts';
import type { Attributes } from '../../../domain/users/user-events.ts';
import { RestError } from '../rest-error.ts';
import { tenantErrors } from './tenant-errors.ts';

const text = z.string().max(1_024);
const owner = z.strictObject({
  username: text,
  password: text.optional(),
  email: text,
  firstname: text.optional(),
  lastname: text.optional(),
  provisioningMethod: text,
  additionalClaims: z
    .array(z.strictObject({ claim: text, value: text }))
    .max(100)
    .optional(),
});

export const tenantModel = z.strictObject({
  name: text.optional(),
  domain: text,
  owners: z.array(owner).max(10),
});
export type TenantModel = z.output<typeof tenantModel>;

export const lifecycleModel = z.strictObject({ activated: z.boolean() });

type CommandInput = z.input<(typeof createRootOrganization)['input']>;

/** The owner's claims that have a place among a user's attributes; the type of the phone number. */
const PHONE_CLAIMS: ReadonlyMap<string, string> = new Map([
  ['http://wso2.org/claims/mobile', 'mobile'],
  ['http://wso2.org/claims/telephone', 'other'],
]);

export function tenantCommandInput(model: TenantModel): CommandInput {
  refuseDomain(model.domain);
  const [first, second] = model.owners;
  if (first === undefined) throw new RestError(tenantErrors.ownerRequired, 'owners: one owner is required.');
  if (second !== undefined) throw new RestError(tenantErrors.invalid, 'owners: a tenant is created with one owner.');
  if (first.provisioningMethod !== 'inline-password') {
    throw new RestError(tenantErrors.invalid, 'owners.provisioningMethod: only inline-password is supported.');
  }
  if (first.password === undefined || first.password === '') {
    throw new RestError(tenantErrors.parameterMissing, 'owners.password: is required with inline-password.');
  }
  const { username, password } = first;
  return {
    handle: model.domain,
    ...(model.name === undefined || model.name === '' ? {} : { name: model.name }),
    owner: { userName: username, password, attributes: attributesOf(first) },
  };
}

/** Illegal characters in a name that is asked for, and in one that is looked up. */
export function refuseDomain(domain: string): void {
  if (domain.startsWith('.')) throw new RestError(tenantErrors.leadingDot, 'A domain does not start with a dot.');
  if (/^[a-z0-9._-]{1,100}$/.test(domain)) return;
  throw new RestError(tenantErrors.illegalCharacters, 'A domain has 1 to 100 of the characters a-z, 0-9 and ._-');
}

function attributesOf({ email, firstname, lastname, additionalClaims = [] }: z.output<typeof owner>): Attributes {
  const phoneNumbers = additionalClaims.map(({ claim, value }) => {
    const type = PHONE_CLAIMS.get(claim);
    if (type !== undefined) return { type, value };
    throw new RestError(tenantErrors.invalid, `owners.additionalClaims: ${JSON.stringify(claim)} is not supported.`);
  });
  return {
    emails: [{ value: email, primary: true }],
    ...(firstname === undefined ? {} : { 'name.givenName': firstname }),
    ...(lastname === undefined ? {} : { 'name.familyName': lastname }),
    ...(phoneNumbers.length === 0 ? {} : { phoneNumbers }),
  };
}

export interface ShownTenant {
  readonly id: string;
  readonly domain: string;
  readonly name: string;
  readonly active: boolean;
  readonly createdDate: string;
  readonly owners: readonly ShownOwner[];
}

export interface ShownOwner {
  readonly id: string;
  readonly username: string;
}

export const tenantOf = (id: string, organization: Organization, owners: readonly ShownOwner[]): ShownTenant => ({
  id,
  domain: organization.handle,
  name: organization.name,
  active: organization.status === 'active',
  createdDate: organization.createdAt,
  owners,
});

export const tenantResponse = ({ id, domain, name, active, createdDate, owners }: ShownTenant): object => ({
  id,
  domain,
  name,
  owners,
  createdDate,
  lifecycleStatus: { activated: active },
});

export function ownerResponse(id: string, user: User, claims: readonly string[]): object {
  const { attributes, userName } = user;
  const members = {
    email: firstValue(attributes['emails'], null),
    firstname: attributes['name.givenName'] ?? null,
    lastname: attributes['name.familyName'] ?? null,
  };
  const additionalClaims = claims.flatMap((claim) => {
    const value = firstValue(attributes['phoneNumbers'], PHONE_CLAIMS.get(claim) ?? '');
    return value === null ? [] : [{ claim, value }];
  });
  const present = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
  return { id, username: userName, ...present, additionalClaims };
}

/** Of a list of values, the first of that type; of any type for null. */
function firstValue(list: Attributes[string] | undefined, type: string | null): string | null {
  for (const element of Array.isArray(list) ? list : []) {
    const given = typeof element === 'object' ? element : { value: element, type: '' };
    if (type === null || given['type'] === type) return String(given['value']);
  }
  return null;
}
