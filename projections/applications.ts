/** Applications, as they are listed and searched. Never a secret: those are in the vault. */
import type { ApplicationEvent } from '../domain/applications/application-events.ts';
import type { Json } from '../domain/json.ts';
import type { Write } from '../infra/read-store/read-store.ts';
import { handlersOf, idIn } from './handlers.ts';
import type { Projection } from './projection.ts';

export const APPLICATIONS = 'applications';

const patch = (id: string, set: Record<string, Json>, unset: readonly string[] = []): readonly Write[] => [
  { kind: 'patch', collection: APPLICATIONS, id, set, unset },
];

export const applicationsProjection: Projection = {
  name: 'applications',
  version: 2,
  collections: [
    {
      name: APPLICATIONS,
      fields: [
        { path: 'name', kind: 'text', contains: true },
        { path: 'clientId', kind: 'text', caseExact: true, contains: true },
        { path: 'allowedOrigins', kind: 'text', caseExact: true, many: true },
        { path: 'templateId', kind: 'text' },
        { path: 'system', kind: 'boolean' },
        { path: 'enabled', kind: 'boolean' },
        { path: 'createdAt', kind: 'instant' },
      ],
    },
  ],
  handlers: handlersOf<ApplicationEvent>({
    'application.application.created.v1': (event) => {
      const { org, name, system } = event.data;
      const { at, tenant = org } = event.meta;
      const document = { id: idIn(event), tenant, org, name, system, enabled: true, createdAt: at };
      return [{ kind: 'put', collection: APPLICATIONS, document }];
    },
    'application.application.renamed.v1': (event) => patch(idIn(event), { name: event.data.name }),
    'application.application.described.v1': (event) => patch(idIn(event), { ...event.data }),
    'application.application.enabled.v1': (event) => patch(idIn(event), { enabled: true }),
    'application.application.disabled.v1': (event) => patch(idIn(event), { enabled: false }),
    'application.roles.configured.v1': (event) => patch(idIn(event), { roleAudience: event.data.audience }),
    'application.oidc.configured.v1': (event) => {
      const { clientId, allowedOrigins } = event.data;
      return patch(idIn(event), { clientId, allowedOrigins });
    },
    'application.oidc.removed.v1': (event) => patch(idIn(event), {}, ['clientId', 'allowedOrigins']),
    'application.application.deleted.v1': (event) => [{ kind: 'remove', collection: APPLICATIONS, id: idIn(event) }],
  }),
};
