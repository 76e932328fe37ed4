/** The native interface: commands in; reads, histories and the change feed out. */
import type { Authenticator } from '../http/authenticate.ts';
import type { Route } from '../http/route.ts';
import { accessRoutes } from './access-routes.ts';
import { commandRoutes } from './command-routes.ts';
import { feedRoutes } from './feed-routes.ts';
import { historyRoutes } from './history-routes.ts';
import { openApiRoutes } from './openapi.ts';
import { type ReadDoor, readRoutes } from './read-routes.ts';

export interface NativeDoor extends ReadDoor {
  readonly authenticator: Authenticator;
  /** Every route of the server, for the API description; asked when the first description is. */
  readonly routes: () => readonly Route[];
}

export const nativeRoutes = (door: NativeDoor): readonly Route[] => [
  ...commandRoutes(door),
  ...readRoutes(door),
  ...accessRoutes(door),
  ...historyRoutes(door),
  ...feedRoutes(door),
  ...openApiRoutes(door.routes),
];
