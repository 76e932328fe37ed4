/** One row of a table of SCIM endpoints. */
import type { Access, Request, Response, Route } from '../http/route.ts';
import type { ScimDoor } from './scim-door.ts';

export type ScimHandler = (door: ScimDoor, request: Request) => Promise<Response> | Response;

export type ScimRow = readonly [Route['method'], string, Access, ScimHandler, string];
