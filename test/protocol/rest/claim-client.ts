/** Speaks to the claim management API, and to SCIM of the same organization. */
import type { Answer, ManagementClient } from '../../support/management-client.ts';

export const CUSTOM = 'urn:scim:schemas:extension:custom:User';
export const DIALECTS = '/api/server/v1/claim-dialects';
export const LOCAL = `${DIALECTS}/local/claims`;

export const idOf = (uri: string): string => Buffer.from(uri).toString('base64url');
export const uriOf = (name: string): string => `http://wso2.org/claims/${name}`;
export const localClaim = (name: string): string => `${LOCAL}/${idOf(uriOf(name))}`;
export const dialect = (uri: string): string => `${DIALECTS}/${idOf(uri)}`;

export const claimBody = (name: string, given: object = {}): object => ({
  claimURI: uriOf(name),
  displayName: name,
  attributeMapping: [{ mappedAttribute: name, userstore: 'PRIMARY' }],
  ...given,
});

const SCIM = { 'content-type': 'application/scim+json' };

export interface ClaimClient {
  /** Fails unless it is made. */
  define(name: string, given?: object): Promise<string>;
  map(name: string, local?: string): Promise<void>;
  replace(name: string, given?: object): Promise<Answer>;
  createUser(userName: string, custom: object, core?: object): Promise<Answer>;
  patchUser(id: string, ...operations: readonly object[]): Promise<Answer>;
  putUser(id: string, user: object): Promise<Answer>;
  search(filter: string): Promise<Answer>;
}

export function claimClient(admin: ManagementClient): ClaimClient {
  const must = (answer: Answer, status: number): Answer => {
    if (answer.status !== status) throw new Error(`${answer.status}: ${answer.text}`);
    return answer;
  };
  return {
    define: async (name, given) => must(await admin.send('POST', LOCAL, claimBody(name, given)), 201).createdId,
    async map(name, local = name) {
      const body = { claimURI: `${CUSTOM}:${name}`, mappedLocalClaimURI: uriOf(local) };
      must(await admin.send('POST', `${dialect(CUSTOM)}/claims`, body), 201);
    },
    replace: (name, given) => admin.send('PUT', localClaim(name), claimBody(name, given)),
    createUser: (userName, custom, core = {}) =>
      admin.send('POST', '/scim2/Users', { userName, ...core, [CUSTOM]: custom }, SCIM),
    patchUser: (id, ...operations) => {
      const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
      return admin.send('PATCH', `/scim2/Users/${id}`, { schemas, Operations: operations }, SCIM);
    },
    putUser: (id, user) => admin.send('PUT', `/scim2/Users/${id}`, user, SCIM),
    search: (filter) => admin.get(`/scim2/Users?filter=${encodeURIComponent(filter)}`),
  };
}
