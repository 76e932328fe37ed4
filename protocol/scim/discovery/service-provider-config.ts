/** What this server can do (RFC 7643 §5). A feature that is not there is not promised. */
import { BODY_BYTES_MAX } from '../../http/route.ts';
import { PAGE_USERS_MAX } from '../users/list-request.ts';

export const serviceProviderConfig = (base: string): object => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
  documentationUri: 'https://www.rfc-editor.org/info/rfc7644',
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: BODY_BYTES_MAX },
  filter: { supported: true, maxResults: PAGE_USERS_MAX },
  changePassword: { supported: true },
  sort: { supported: true },
  etag: { supported: false },
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
