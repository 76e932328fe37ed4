/** Speaks SCIM to a test server as a client does. */
import { execute } from '../../../commands/pipeline.ts';
import { assignRole } from '../../../commands/users/assign-role.ts';
import { SUPER_ORG_ID } from '../../../domain/ids.ts';
import { organizations } from '../../../domain/organizations/organization.ts';
import { asking } from '../../support/kernel.ts';
import type { TestServer } from '../../support/server.ts';

export const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const ACCOUNT = 'urn:scim:wso2:schema';
export const CUSTOM = 'urn:scim:schemas:extension:custom:User';
export const PASSWORD = 'Wso2@test-secret';

// biome-ignore lint/suspicious/noExplicitAny: a body off the wire; each test says what it expects of it.
type Body = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

export interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null: without credential. */
  readonly authorization?: string | null;
}

export interface ScimClient {
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** Makes a user and gives its body. */
  create(user: object): Promise<Body>;
  list(parameters: Readonly<Record<string, string>>): Promise<Answer>;
  patch(id: string, ...operations: readonly object[]): Promise<Answer>;
}

export function scimClient(server: TestServer, prefix = ''): ScimClient {
  async function call(method: string, path: string, { body, headers, authorization }: Call = {}): Promise<Answer> {
    const credential = authorization === undefined ? server.admin.authorization : authorization;
    const response = await fetch(`${server.url}${prefix}/scim2${path}`, {
      method,
      headers: {
        ...(credential === null ? {} : { authorization: credential }),
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
  }
  return {
    call,
    async create(user) {
      const answer = await call('POST', '/Users', { body: user });
      if (answer.status !== 201) throw new Error(`creating a user answered ${answer.status}: ${answer.text}`);
      return answer.body;
    },
    list: (parameters) => call('GET', `/Users?${new URLSearchParams(parameters)}`),
    patch: (id, ...operations) =>
      call('PATCH', `/Users/${id}`, {
        body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations },
      }),
  };
}

/** Gives a user of the super organization its administrator role. */
export async function makeAdministrator({ kernel }: TestServer, userId: string): Promise<void> {
  const { state } = await kernel.aggregates.load(organizations, SUPER_ORG_ID);
  const assigned = await execute(kernel, assignRole, { userId, roleId: state.administratorRole }, asking());
  if (!assigned.ok) throw new Error(`the role was refused: ${assigned.refusal.reason}`);
}
