/** Who asks, what he may do, and where. Made once per request from a verified credential. */
import type { OrgId, TenantId } from '../domain/ids.ts';

export interface Caller {
  readonly kind: 'user' | 'app' | 'system';
  /** User id, application id, or the name of a part of the server. */
  readonly id: string;
  readonly tenant: TenantId;
  /** The organization in which the credential acts. */
  readonly org: OrgId;
  /** Scopes of the token; for HTTP Basic the permissions of the user's roles. */
  readonly permissions: ReadonlySet<string>;
  /** Ids from the outermost actor to this one, where somebody acts for somebody. */
  readonly chain?: readonly string[];
  /** For read-your-writes: session, client or token; opaque. */
  readonly memoryKey: string;
}
