/** Whose entities a caller may look at: those of his organization; the super organization also sees the root organizations. */
import type { Caller } from '../commands/caller.ts';
import { SUPER_ORG_ID } from '../domain/ids.ts';
import type { Home } from './history.ts';

export function isVisibleTo(caller: Pick<Caller, 'tenant' | 'org'>, home: Home, category: string): boolean {
  if (home.tenant === caller.tenant && home.org === caller.org) return true;
  const isRootOrganization = category === 'org' && home.tenant === home.org;
  return isRootOrganization && caller.tenant === SUPER_ORG_ID && caller.org === SUPER_ORG_ID;
}
