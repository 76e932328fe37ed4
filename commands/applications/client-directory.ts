/** From client id to application, by the reservation of the client id: right at once after a change. */
import { LRUCache } from 'lru-cache';
import { type Application, applications, clientIdClaim } from '../../domain/applications/application.ts';
import type { AppId, TenantId } from '../../domain/ids.ts';
import type { Kernel } from '../kernel.ts';
import { ownerOf } from '../reservations.ts';

const CLIENTS_CACHED_MAX = 10_000;
const CLIENT_ID_CHARACTERS_MAX = 255;

export interface Client {
  readonly id: AppId;
  readonly application: Application;
}

export interface ClientDirectory {
  /** Null when no application of the tenant has the client id now. Compares case-sensitively. */
  find(tenant: TenantId, clientId: string): Promise<Client | null>;
}

export function createClientDirectory(kernel: Kernel): ClientDirectory {
  const cache = new LRUCache<string, AppId>({ max: CLIENTS_CACHED_MAX });

  async function clientOf(id: AppId, tenant: TenantId, clientId: string): Promise<Client | null> {
    const { state } = await kernel.aggregates.load(applications, id);
    const has = state.status === 'present' && state.tenant === tenant && state.oidc?.clientId === clientId;
    return has ? { id, application: state } : null;
  }

  return {
    async find(tenant, clientId) {
      if (clientId.length === 0 || clientId.length > CLIENT_ID_CHARACTERS_MAX) return null;
      const key = `${tenant}|${clientId}`;
      const cached = cache.get(key);
      const known = cached === undefined ? null : await clientOf(cached, tenant, clientId);
      if (known !== null) return known;

      const owner = (await ownerOf(kernel, clientIdClaim(tenant, clientId))) as AppId | null;
      const client = owner === null ? null : await clientOf(owner, tenant, clientId);
      if (client !== null) cache.set(key, client.id);
      return client;
    },
  };
}
