/** Root organizations (tenants): born whole, with administrator, role, keys and the server's own applications. */
import { z } from 'zod';
import {
  applicationNameClaim,
  applications,
  clientIdClaim,
  decideCreateApplication,
} from '../../domain/applications/application.ts';
import { systemDictionary } from '../../domain/attributes/dictionary.ts';
import type { StreamFacts } from '../../domain/decision.ts';
import { orgId } from '../../domain/id-parsers.ts';
import { type OrgId, SUPER_ORG_ID, type UserId } from '../../domain/ids.ts';
import { signingKeyActivated } from '../../domain/keys/signing-keys.ts';
import {
  decideActivation,
  decideCreateRootOrganization,
  type Organization,
  type OrganizationRefusal,
  organizations,
} from '../../domain/organizations/organization.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import { administratorRole, everyoneRole, roleNameClaim } from '../../domain/roles/role.ts';
import type { RoleCreated } from '../../domain/roles/role-events.ts';
import { type AttributeRefusal, checkAttributes } from '../../domain/users/attribute-check.ts';
import type { PasswordRefusal } from '../../domain/users/password.ts';
import { decideCreateUser, type UserRefusal, userNameClaim, users } from '../../domain/users/user.ts';
import { catalogueOf } from '../../domain/users/user-catalogue.ts';
import type { CheckedAttributes } from '../../domain/users/user-events.ts';
import { configurationOf, oidcInput } from '../applications/application-command.ts';
import { matchesPattern } from '../attributes/patterns.ts';
import type { Command, Scope } from '../command.ts';
import { type KeyMaterial, newSigningKey, signingKeyRef } from '../keys/key-material.ts';
import { everyoneRoleId } from '../roles/everyone.ts';
import { passwordRef, storePassword } from '../users/passwords.ts';
import { attributesInput } from '../users/user-command.ts';

const input = z.strictObject({
  /** Only of the super organization, whose id is fixed. */
  id: orgId.optional(),
  handle: z.string(),
  name: z.string().optional(),
  owner: z.strictObject({
    userName: z.string(),
    password: z.string().optional(),
    attributes: attributesInput.default({}),
  }),
});
type Input = z.output<typeof input>;

type Refusal =
  | OrganizationRefusal
  | UserRefusal
  | PasswordRefusal
  | AttributeRefusal
  | { readonly reason: 'id-reserved' };

interface Facts {
  readonly role: string;
  readonly owner: UserId;
  readonly attributes: CheckedAttributes;
  readonly verifier?: string;
  readonly keys: readonly KeyMaterial[];
}

/** The applications that are part of the server; their callbacks follow its public address. */
const SYSTEM_APPLICATIONS = [
  { name: 'Console', clientId: 'CONSOLE', path: '/console' },
  { name: 'My Account', clientId: 'MY_ACCOUNT', path: '/myaccount' },
];

export const createRootOrganization: Command<Input, Organization, Refusal, Facts> = {
  type: 'CreateRootOrganization',
  summary: 'Creates a root organization with its administrator.',
  input,
  permissions: ['internal_modify_tenants'],
  crossesTenants: true,
  aggregate: organizations,
  target: (given) => given.id ?? null,
  facts: gather,
  decide: (organization, given, facts, scope) => {
    const births = [
      roleBirth(scope, facts.role, administratorRole(scope.id)),
      roleBirth(scope, everyoneRoleId(scope.id), everyoneRole(scope.id)),
      keysBirth(scope, facts),
      ...SYSTEM_APPLICATIONS.map((application) => applicationBirth(scope, application)),
    ];
    const owner = ownerBirth(scope, facts);
    if (!owner.ok) return owner;
    return decideCreateRootOrganization(organization, {
      id: scope.id as OrgId,
      handle: given.handle,
      name: given.name ?? given.handle,
      owner: facts.owner,
      administratorRole: facts.role,
      births: [...births, owner.value],
    });
  },
  undo: async ({ owner, verifier, keys }, { kernel, id, envelope }) => {
    if (envelope.dryRun === true) return;
    if (verifier !== undefined) await kernel.vault.removeSecret(passwordRef(owner, verifier));
    for (const { key } of keys) await kernel.vault.removeSecret(signingKeyRef(id, key.kid));
  },
};

async function gather(scope: Scope<Input>): Promise<Result<Facts, Refusal>> {
  const { kernel, envelope, id } = scope;
  const { id: given, owner } = scope.input;
  if (given !== undefined && envelope.caller.kind !== 'system') return refuse({ reason: 'id-reserved' });
  // A new organization has the server's own definitions.
  const rules = { catalogue: catalogueOf(systemDictionary), matches: matchesPattern, undeclared: 'refuse' } as const;
  const attributes = checkAttributes(rules, owner.attributes);
  if (!attributes.ok) return attributes;
  const ids = {
    role: scope.derivedId('role'),
    owner: scope.derivedId('owner') as UserId,
    attributes: attributes.value,
  };
  const { password } = owner;
  const stored = await storePassword(scope, { password, tenant: id, org: id, owner: ids.owner, user: null });
  if (!stored.ok) return stored;
  const keys = await Promise.all([newSigningKey('ES256'), newSigningKey('RS256')]);
  if (envelope.dryRun !== true) {
    // Its own key seals where requests of machines come from.
    await kernel.vault.createDataKey(id, id);
    for (const { key, privateKey } of keys) await kernel.vault.putSecret(signingKeyRef(id, key.kid), id, privateKey);
  }
  const { verifier } = stored.value;
  return accept({ ...ids, keys, ...(verifier === undefined ? {} : { verifier }) });
}

const roleBirth = ({ id: org }: Scope<Input>, role: string, created: RoleCreated): StreamFacts => ({
  stream: `role-${role}`,
  facts: [created],
  claims: [roleNameClaim({ org, ...created.data })],
});

const keysBirth = ({ id }: Scope<Input>, { keys }: Facts): StreamFacts => ({
  stream: `key-${id}`,
  facts: keys.map(({ key }) => signingKeyActivated(key)),
});

function ownerBirth({ id, input: given }: Scope<Input>, facts: Facts): Result<StreamFacts, UserRefusal> {
  const { userName } = given.owner;
  const { attributes } = facts;
  const user = { org: id as OrgId, userName, attributes, roles: [facts.role] };
  const { verifier } = facts;
  const decision = decideCreateUser(users.initial, verifier === undefined ? user : { ...user, verifier });
  if (!decision.ok) return decision;
  const claims = [userNameClaim(user)];
  const subject = { subject: facts.owner, newSubject: true } as const;
  return accept({ stream: `user-${facts.owner}`, facts: decision.value.facts, claims, ...subject });
}

function applicationBirth(scope: Scope<Input>, given: (typeof SYSTEM_APPLICATIONS)[number]): StreamFacts {
  const org = scope.id as OrgId;
  const { name, clientId, path } = given;
  const oidc = configurationOf(
    oidcInput.parse({
      grantTypes: ['authorization_code', 'refresh_token'],
      callbackUrls: [path],
      publicClient: true,
      pkce: { mandatory: true },
    }),
    clientId,
  );
  const settings = { consent: { skipLogin: true, skipLogout: true } };
  const application = { tenant: org, org, name, system: true, settings, oidc };
  const decision = decideCreateApplication(applications.initial, application);
  if (!decision.ok) throw new Error(`system application ${name} is not valid: ${decision.refusal.reason}`);
  const claims = [applicationNameClaim(application), clientIdClaim(org, clientId)];
  return { stream: `app-${scope.derivedId(`application|${clientId}`)}`, facts: decision.value.facts, claims };
}

const activationInput = z.strictObject({ organizationId: orgId, active: z.boolean() });

export const setOrganizationActive: Command<z.output<typeof activationInput>, Organization, OrganizationRefusal> = {
  type: 'SetOrganizationActive',
  summary: 'Switches a root organization on or off; while off, nobody of it gets a session or token.',
  input: activationInput,
  permissions: ['internal_modify_tenants'],
  crossesTenants: true,
  aggregate: organizations,
  target: (given) => given.organizationId,
  decide: (organization, { active }) => decideActivation(organization, { active, superOrg: SUPER_ORG_ID }),
};
