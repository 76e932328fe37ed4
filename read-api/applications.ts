/** Applications of one organization. */
import type { Filter, Page, ReadStore } from '../infra/read-store/read-store.ts';
import { APPLICATIONS } from '../projections/applications.ts';
import { type PageRequest, pageOf, type ReadScope } from './documents.ts';

export const applicationsPage = (readStore: ReadStore, scope: ReadScope, request: PageRequest): Promise<Page> =>
  pageOf(readStore, APPLICATIONS, scope, request);

/** Whether any application of the tenant lets pages of this origin read its answers. */
export async function isAllowedOrigin(readStore: ReadStore, tenant: string, origin: string): Promise<boolean> {
  const filter: Filter = { op: 'eq', path: 'allowedOrigins', value: origin };
  const { documents } = await readStore.query({ collection: APPLICATIONS, tenant, filter, limit: 1 });
  return documents.length > 0;
}
