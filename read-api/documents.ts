/** One page, or one document, of a read model: always of one organization, never older than asked for. */
import type { OrgId, TenantId } from '../domain/ids.ts';
import type { Position } from '../infra/event-store/position.ts';
import type { Document, Page, Query, ReadStore } from '../infra/read-store/read-store.ts';
import { PAGE_SIZE_MAX } from '../infra/read-store/read-store.ts';
import { reachPosition } from './min-position.ts';

/** Whose documents, and how new. */
export interface ReadScope {
  readonly tenant: TenantId;
  readonly org: OrgId;
  readonly minPosition: Position | null;
}

export type PageRequest = Omit<Query, 'collection' | 'tenant' | 'org'>;

export async function pageOf(
  readStore: ReadStore,
  collection: string,
  scope: ReadScope,
  request: PageRequest,
): Promise<Page> {
  await reachPosition(readStore, collection, scope.minPosition);
  const { tenant, org } = scope;
  return await readStore.query({ ...request, limit: Math.min(request.limit, PAGE_SIZE_MAX), collection, tenant, org });
}

/** Null: unknown, or another organization's. */
export async function documentOf(
  readStore: ReadStore,
  collection: string,
  scope: ReadScope,
  id: string,
): Promise<Document | null> {
  await reachPosition(readStore, collection, scope.minPosition);
  const document = await readStore.find(collection, scope.tenant, id);
  return document?.org === scope.org ? document : null;
}
