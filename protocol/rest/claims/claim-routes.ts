/** The claim management API. */
import type { Route } from '../../http/route.ts';
import { type ClaimDoor, routesOf } from './claim-door.ts';
import { dialectRows } from './dialect-routes.ts';
import { localClaimRows } from './local-claim-routes.ts';
import { scopeRows } from './scope-routes.ts';

/** The local dialect first: its name is no id. */
export const claimRoutes = (door: ClaimDoor): readonly Route[] =>
  routesOf(door, [...localClaimRows, ...dialectRows, ...scopeRows]);
