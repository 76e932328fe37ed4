/** Root organizations, as the super organization sees them. */
import { SUPER_ORG_ID } from '../domain/ids.ts';
import type { Position } from '../infra/event-store/position.ts';
import type { Page, ReadStore } from '../infra/read-store/read-store.ts';
import { TENANTS } from '../projections/tenants.ts';
import { type PageRequest, pageOf } from './documents.ts';

export const tenantsPage = (readStore: ReadStore, minPosition: Position | null, request: PageRequest): Promise<Page> =>
  pageOf(readStore, TENANTS, { tenant: SUPER_ORG_ID, org: SUPER_ORG_ID, minPosition }, request);
