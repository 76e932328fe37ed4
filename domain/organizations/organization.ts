/** An organization: a root organization (tenant) or one below it. Streams `org-<uuid>`. */
import { z } from 'zod';
import type { Aggregate } from '../aggregate.ts';
import { type Claim, type Decision, nothing, type StreamFacts } from '../decision.ts';
import type { DomainEvent } from '../event.ts';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';
import type { OrgId, UserId } from '../ids.ts';
import { accept, type Result, refuse } from '../result.ts';

export const HANDLE_CHARACTERS_MAX = 100;
export const ORG_NAME_CHARACTERS_MAX = 255;

const text = plain(z.string());

export const organizationEventDefinitions = [
  defineEvent(
    'org.organization.created.v1',
    z.object({
      kind: z.enum(['root', 'sub']),
      parent: text.nullable(),
      handle: text,
      name: text,
      owner: text.nullable(),
      administratorRole: text,
    }),
  ),
  defineEvent('org.organization.renamed.v1', z.object({ name: text })),
  defineEvent('org.organization.activated.v1', z.object({})),
  defineEvent('org.organization.deactivated.v1', z.object({})),
  defineEvent('org.organization.deleted.v1', z.object({})),
] as const;

export type OrganizationEvent = EventOf<typeof organizationEventDefinitions>;

export interface Organization {
  readonly status: 'absent' | 'active' | 'inactive' | 'deleted';
  readonly id: string;
  readonly tenant: string;
  readonly kind: 'root' | 'sub';
  readonly parent: string | null;
  readonly handle: string;
  readonly name: string;
  readonly owner: string | null;
  readonly administratorRole: string;
  readonly createdAt: string;
}

export type OrganizationRefusal =
  | { readonly reason: 'organization-exists' }
  | { readonly reason: 'organization-not-found' }
  | { readonly reason: 'handle-invalid' }
  | { readonly reason: 'name-invalid' }
  | { readonly reason: 'super-organization-protected' };

export const organizations: Aggregate<Organization> = {
  category: 'org',
  initial: {
    status: 'absent',
    id: '',
    tenant: '',
    kind: 'root',
    parent: null,
    handle: '',
    name: '',
    owner: null,
    administratorRole: '',
    createdAt: '',
  },
  evolve: evolveOrganization,
  home: (organization) =>
    organization.status === 'absent' ? null : { tenant: organization.tenant, org: organization.id },
};

export interface NewRootOrganization {
  readonly id: OrgId;
  readonly handle: string;
  readonly name: string;
  readonly owner: UserId;
  readonly administratorRole: string;
  /** Role, administrator, system applications and keys: they exist once the organization does. */
  readonly births: readonly StreamFacts[];
}

/** Server-wide, lower case, never reused: a handle stands in addresses and tokens. */
export const handleClaim = (handle: string): Claim => ({ kind: 'handle', scope: 'global', value: handle });

export function decideCreateRootOrganization(
  organization: Organization,
  command: NewRootOrganization,
): Result<Decision, OrganizationRefusal> {
  if (organization.status !== 'absent') return refuse({ reason: 'organization-exists' });
  if (!isHandle(command.handle)) return refuse({ reason: 'handle-invalid' });
  if (!isName(command.name)) return refuse({ reason: 'name-invalid' });

  const { handle, name, owner, administratorRole } = command;
  const created: OrganizationEvent = {
    type: 'org.organization.created.v1',
    data: { kind: 'root', parent: null, handle, name, owner, administratorRole },
  };
  return accept({ facts: [created], births: command.births, claims: [handleClaim(handle)] });
}

export function decideRenameOrganization(
  organization: Organization,
  name: string,
): Result<Decision, OrganizationRefusal> {
  if (!exists(organization)) return refuse({ reason: 'organization-not-found' });
  if (!isName(name)) return refuse({ reason: 'name-invalid' });
  if (organization.name === name) return accept(nothing);
  const renamed: OrganizationEvent = { type: 'org.organization.renamed.v1', data: { name } };
  return accept({ facts: [renamed] });
}

/** The super organization cannot be switched off: nobody could switch it on again. */
export function decideActivation(
  organization: Organization,
  command: { readonly active: boolean; readonly superOrg: OrgId },
): Result<Decision, OrganizationRefusal> {
  if (!exists(organization)) return refuse({ reason: 'organization-not-found' });
  if (organization.id === command.superOrg) return refuse({ reason: 'super-organization-protected' });
  if ((organization.status === 'active') === command.active) return accept(nothing);
  const type = command.active ? 'org.organization.activated.v1' : 'org.organization.deactivated.v1';
  return accept({ facts: [{ type, data: {} }] });
}

const exists = (organization: Organization): boolean =>
  organization.status === 'active' || organization.status === 'inactive';

/** `[a-z0-9._-]`, not starting with a dot; the domain of a root organization (tenant management contract). */
export const isHandle = (handle: string): boolean =>
  /^[a-z0-9_-][a-z0-9._-]*$/.test(handle) && handle.length <= HANDLE_CHARACTERS_MAX;

const isName = (name: string): boolean =>
  name.trim() === name && name.length > 0 && name.length <= ORG_NAME_CHARACTERS_MAX && !/\p{C}/u.test(name);

function evolveOrganization(organization: Organization, event: DomainEvent): Organization {
  const fact = event as unknown as OrganizationEvent;
  switch (fact.type) {
    case 'org.organization.created.v1':
      return {
        status: 'active',
        id: event.stream.slice('org-'.length),
        tenant: event.meta.tenant ?? '',
        ...fact.data,
        createdAt: event.meta.at,
      };
    case 'org.organization.renamed.v1':
      return { ...organization, name: fact.data.name };
    case 'org.organization.activated.v1':
      return { ...organization, status: 'active' };
    case 'org.organization.deactivated.v1':
      return { ...organization, status: 'inactive' };
    case 'org.organization.deleted.v1':
      return { ...organization, status: 'deleted' };
    default:
      fact satisfies never;
      return organization;
  }
}
