/** The root organization that a path names, and how its own addresses are written. */
import type { TenantId } from '../../domain/ids.ts';

export interface Tenant {
  readonly id: TenantId;
  /** Handle of the root organization: the `{tenant}` of `/t/{tenant}`. */
  readonly domain: string;
  readonly isSuper: boolean;
  /** Public base URL of the server plus `/t/{domain}`; without that for the super organization. No trailing slash. */
  readonly baseUrl: string;
}
