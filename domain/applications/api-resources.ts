/** The server's own APIs and their scopes: what an application can be authorized for. Data, the same in every organization. */

export interface ApiResource {
  readonly id: string;
  readonly identifier: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

const api = (id: string, identifier: string, name: string, scopes: readonly string[]): ApiResource => ({
  id: `5e3a1c00-0000-4000-8000-${id.padStart(12, '0')}`,
  identifier,
  name,
  scopes,
});

export const systemApis: readonly ApiResource[] = [
  api('1', '/scim2/Users', 'SCIM2 Users API', [
    'internal_user_mgt_create',
    'internal_user_mgt_view',
    'internal_user_mgt_list',
    'internal_user_mgt_update',
    'internal_user_mgt_delete',
  ]),
  api('2', '/api/server/v1/applications', 'Application Management API', [
    'internal_application_mgt_create',
    'internal_application_mgt_view',
    'internal_application_mgt_update',
    'internal_application_mgt_delete',
    'internal_application_mgt_client_secret_view',
  ]),
  api('3', '/api/server/v1/tenants', 'Tenant Management API', ['internal_list_tenants', 'internal_modify_tenants']),
  api('4', '/oauth2/introspect', 'OAuth2 Introspection', ['internal_oauth2_introspect']),
  api('5', '/api/server/v1/keystores', 'Signing Key Management API', [
    'internal_keystore_update',
    'internal_keystore_view',
  ]),
  api('6', '/api/history', 'History and Feed API', ['internal_audit_view']),
  api('7', '/scim2/v2/Roles', 'SCIM2 Roles API', [
    'internal_role_mgt_view',
    'internal_role_mgt_users_update',
    'internal_role_mgt_create',
    'internal_role_mgt_update',
    'internal_role_mgt_delete',
    'internal_role_mgt_meta_create',
    'internal_role_mgt_meta_update',
    'internal_role_mgt_groups_update',
  ]),
  api('8', '/api/server/v1/organization', 'Organization Management API', ['internal_organization_update']),
  api('40', '/api/server/v1/claim-dialects', 'Claim Management API', [
    'internal_claim_meta_create',
    'internal_claim_meta_view',
    'internal_claim_meta_update',
    'internal_claim_meta_delete',
  ]),
  api('9', '/api/server/v1/api-resources', 'API Resource Management API', ['internal_api_resource_view']),
  api('10', '/scim2/Bulk', 'SCIM2 Bulk API', [
    'internal_bulk_resource_create',
    'internal_bulk_user_create',
    'internal_bulk_user_update',
    'internal_bulk_user_delete',
    'internal_bulk_group_create',
    'internal_bulk_group_update',
    'internal_bulk_group_delete',
    'internal_bulk_role_create',
    'internal_bulk_role_update',
    'internal_bulk_role_delete',
  ]),
  api('20', '/event_store.client.streams.Streams', 'Event Log', ['internal_event_log_view']),
  api('22', '/api/server/v1/identity-governance', 'Identity Governance API', [
    'internal_idp_view',
    'internal_idp_update',
  ]),
  api('23', '/api/server/v1/validation-rules', 'Validation Rules API', [
    'internal_config_view',
    'internal_config_update',
  ]),
  api('30', '/scim2/Groups', 'SCIM2 Groups API', [
    'internal_group_mgt_create',
    'internal_group_mgt_view',
    'internal_group_mgt_update',
    'internal_group_mgt_delete',
  ]),
];

/** Reads the whole log, of every organization, with personal data sealed. For roles of the super organization. */
export const READ_LOG_PERMISSION = 'internal_event_log_view';

export const apiById = (id: string): ApiResource | null => systemApis.find((candidate) => candidate.id === id) ?? null;

/** Scopes of the server's own APIs, as opposed to OpenID Connect scopes. */
export const systemScopes: ReadonlySet<string> = new Set(systemApis.flatMap(({ scopes }) => scopes));
