/** Root organizations, as the super organization manages them. */
import { SUPER_ORG_ID } from '../domain/ids.ts';
import type { OrganizationEvent } from '../domain/organizations/organization.ts';
import type { Write } from '../infra/read-store/read-store.ts';
import { handlersOf, idIn } from './handlers.ts';
import type { Projection } from './projection.ts';

export const TENANTS = 'tenants';

const patch = (id: string, set: Record<string, string | boolean>): readonly Write[] => [
  { kind: 'patch', collection: TENANTS, id, set },
];

export const tenantsProjection: Projection = {
  name: 'tenants',
  version: 1,
  collections: [
    {
      name: TENANTS,
      fields: [
        { path: 'domain', kind: 'text', contains: true },
        { path: 'name', kind: 'text', contains: true },
        { path: 'active', kind: 'boolean' },
        { path: 'createdDate', kind: 'instant' },
      ],
    },
  ],
  handlers: handlersOf<OrganizationEvent>({
    'org.organization.created.v1': (event) => {
      if (event.data.kind !== 'root') return [];
      const { handle, name, owner } = event.data;
      const where = { id: idIn(event), tenant: SUPER_ORG_ID, org: SUPER_ORG_ID };
      const document = { ...where, domain: handle, name, owner, active: true, createdDate: event.meta.at };
      return [{ kind: 'put', collection: TENANTS, document }];
    },
    'org.organization.renamed.v1': (event) => patch(idIn(event), { name: event.data.name }),
    'org.organization.activated.v1': (event) => patch(idIn(event), { active: true }),
    'org.organization.deactivated.v1': (event) => patch(idIn(event), { active: false }),
    'org.organization.deleted.v1': (event) => [{ kind: 'remove', collection: TENANTS, id: idIn(event) }],
  }),
};
