/** Applications of one organization. */
import type { Page, ReadStore } from '../infra/read-store/read-store.ts';
import { APPLICATIONS } from '../projections/applications.ts';
import { type PageRequest, pageOf, type ReadScope } from './documents.ts';

export const applicationsPage = (readStore: ReadStore, scope: ReadScope, request: PageRequest): Promise<Page> =>
  pageOf(readStore, APPLICATIONS, scope, request);
