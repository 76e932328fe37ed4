/** From the `{tenant}` of a path to its root organization, by the reservation of the handle. Handles are never reused. */
import { LRUCache } from 'lru-cache';
import type { TenantId } from '../../domain/ids.ts';
import { handleClaim, isHandle, type Organization, organizations } from '../../domain/organizations/organization.ts';
import type { Kernel } from '../kernel.ts';
import { ownerOf } from '../reservations.ts';

const TENANTS_CACHED_MAX = 10_000;

export interface FoundTenant {
  readonly id: TenantId;
  readonly organization: Organization;
}

export interface TenantDirectory {
  /** Null for an unknown handle. An inactive organization is found: what it may do is for `admit` to say. */
  find(handle: string): Promise<FoundTenant | null>;
}

export function createTenantDirectory(kernel: Kernel): TenantDirectory {
  const cache = new LRUCache<string, TenantId>({ max: TENANTS_CACHED_MAX });

  return {
    async find(handle) {
      if (!isHandle(handle)) return null;
      const id = cache.get(handle) ?? ((await ownerOf(kernel, handleClaim(handle))) as TenantId | null);
      if (id === null) return null;
      const { state } = await kernel.aggregates.load(organizations, id);
      if (state.status === 'absent' || state.status === 'deleted' || state.handle !== handle) return null;
      cache.set(handle, id);
      return { id, organization: state };
    },
  };
}
