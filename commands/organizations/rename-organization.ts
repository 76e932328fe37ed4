import { z } from 'zod';
import { orgId } from '../../domain/id-parsers.ts';
import {
  decideRenameOrganization,
  type Organization,
  type OrganizationRefusal,
  organizations,
} from '../../domain/organizations/organization.ts';
import type { Command } from '../command.ts';

const input = z.strictObject({ organizationId: orgId, name: z.string() });

export const renameOrganization: Command<z.output<typeof input>, Organization, OrganizationRefusal> = {
  type: 'RenameOrganization',
  summary: 'Changes an organization’s display name.',
  input,
  permissions: ['internal_organization_update'],
  aggregate: organizations,
  target: (given) => given.organizationId,
  decide: (organization, { name }) => decideRenameOrganization(organization, name),
};
