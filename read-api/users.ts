/** Users of one organization, in the shape of SCIM. */
import type { Document, Page, ReadStore } from '../infra/read-store/read-store.ts';
import { USERS } from '../projections/users.ts';
import { documentOf, type PageRequest, pageOf, type ReadScope } from './documents.ts';

export const usersPage = (readStore: ReadStore, scope: ReadScope, request: PageRequest): Promise<Page> =>
  pageOf(readStore, USERS, scope, request);

export const userById = (readStore: ReadStore, scope: ReadScope, id: string): Promise<Document | null> =>
  documentOf(readStore, USERS, scope, id);
