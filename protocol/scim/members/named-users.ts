/** Users that a request names as members. */
import { ownerOf } from '../../../commands/reservations.ts';
import { isUuid } from '../../../domain/id-parsers.ts';
import { userNameClaim, users } from '../../../domain/users/user.ts';
import type { Request } from '../../http/route.ts';
import { memberError } from '../groups/refusals.ts';
import { callerOf, type ScimDoor } from '../scim-door.ts';
import { withoutStore } from './filter.ts';
import type { NamedMember } from './operations.ts';

/** By id, or as published clients also do it, by user name. Who is not there is passed over: he is no member. */
export async function namedUsers(
  door: ScimDoor,
  request: Request,
  named: readonly NamedMember[],
): Promise<readonly string[]> {
  const { org } = callerOf(request);
  const ids: string[] = [];
  for (const { part, text } of named) {
    const userName = withoutStore(text);
    const id = part === 'value' ? text : await ownerOf(door.kernel, userNameClaim({ org, userName }));
    if (id !== null && isUuid(id)) ids.push(id);
  }
  return ids;
}

/** Before the thing is made that they are to be in: afterwards it would be there without them. */
export async function requireUsers(door: ScimDoor, request: Request, ids: Iterable<string>): Promise<void> {
  const { tenant, org } = callerOf(request);
  for (const id of ids) {
    const { state } = await door.kernel.aggregates.load(users, id);
    const isHere = state.status === 'present' && state.tenant === tenant && state.org === org;
    if (!isHere) throw memberError({ reason: 'user-not-found' }, id);
  }
}

/** The request of somebody who may do this as a part of what he was allowed to do. */
export const withRight = (request: Request, permissions: readonly string[]): Request => {
  const caller = callerOf(request);
  return { ...request, caller: { ...caller, permissions: new Set([...caller.permissions, ...permissions]) } };
};
