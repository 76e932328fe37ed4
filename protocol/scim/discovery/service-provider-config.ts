/** What this server can do (RFC 7643 §5). A feature that is not there is not promised. */
import { BULK_BYTES_MAX, BULK_OPERATIONS_MAX } from '../bulk/request.ts';
import { CURSOR_LIVES_S } from '../list/cursor.ts';
import { PAGE_RESOURCES_MAX } from '../list/list-request.ts';

export const serviceProviderConfig = (base: string): object => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
  documentationUri: 'https://www.rfc-editor.org/info/rfc7644',
  patch: { supported: true },
  bulk: { supported: true, maxOperations: BULK_OPERATIONS_MAX, maxPayloadSize: BULK_BYTES_MAX },
  filter: { supported: true, maxResults: PAGE_RESOURCES_MAX },
  changePassword: { supported: true },
  sort: { supported: true },
  etag: { supported: true },
  // RFC 9865 §4.
  pagination: {
    cursor: true,
    index: true,
    defaultPaginationMethod: 'index',
    defaultPageSize: PAGE_RESOURCES_MAX,
    maxPageSize: PAGE_RESOURCES_MAX,
    cursorTimeout: CURSOR_LIVES_S,
  },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'OAuth Bearer Token',
      description: 'Authentication scheme using the OAuth Bearer Token Standard',
      specUri: 'https://www.rfc-editor.org/info/rfc6750',
      primary: true,
    },
    {
      type: 'httpbasic',
      name: 'HTTP Basic',
      description: 'Authentication scheme using the HTTP Basic Standard',
      specUri: 'https://www.rfc-editor.org/info/rfc7617',
      primary: false,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${base}/scim2/ServiceProviderConfig` },
});
