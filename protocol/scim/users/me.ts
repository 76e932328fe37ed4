/** The caller as a resource of his own (RFC 7644 §3.11): what is shown is the user, what is written is what he may write. */
import { changeOwnAccount, deleteOwnAccount } from '../../../commands/users/own-account.ts';
import { isOwnPath } from '../../../domain/users/own-account.ts';
import { type User, users } from '../../../domain/users/user.ts';
import type { Request, Response } from '../../http/route.ts';
import { applyPatch } from '../patch/apply.ts';
import { readOperations } from '../patch/request.ts';
import { callerOf, type ScimDoor } from '../scim-door.ts';
import { ScimError } from '../scim-error.ts';
import { type ChangeInput, patchable, patchChange, replaceChange } from './change-input.ts';
import { documentOfState } from './present.ts';
import { showUser } from './read-users.ts';
import { notFound } from './refusals.ts';
import { readResource } from './resource.ts';
import { change, remove } from './write-users.ts';

/** From his own stream: who has just been made, or has just changed himself by another door, sees it. */
export async function getMe(door: ScimDoor, request: Request): Promise<Response> {
  const id = ownId(request);
  const { state, revision } = await door.kernel.aggregates.load(users, id);
  if (state.status !== 'present') throw notFound(id);
  return await showUser(door, request, documentOfState(id, state, revision));
}

export function putMe(door: ScimDoor, request: Request): Promise<Response> {
  const resource = readResource(request.body);
  const asked = (user: User) => withoutAdministered(replaceChange(user, resource));
  return change(door, request, { id: ownId(request), command: changeOwnAccount, asked });
}

export function patchMe(door: ScimDoor, request: Request): Promise<Response> {
  const operations = readOperations(request.body);
  const id = ownId(request);
  const asked = (user: User) => {
    const input = patchChange(user, applyPatch(patchable(id, user), operations));
    refuseAdministered(input);
    return input;
  };
  return change(door, request, { id, command: changeOwnAccount, asked });
}

export const removeMe = (door: ScimDoor, request: Request): Promise<Response> =>
  remove(door, request, { id: ownId(request), command: deleteOwnAccount });

/** An application is no user. */
function ownId(request: Request): string {
  const caller = callerOf(request);
  if (caller.kind === 'user') return caller.id;
  throw new ScimError(404, null, 'The credential is not of a user.');
}

/** RFC 7644 §3.5.1: in PUT what cannot be written is passed over, and stays as it is. */
function withoutAdministered({ set, unset, password }: ChangeInput): ChangeInput {
  const own = Object.entries(set).filter(([path]) => isOwnPath(path));
  return {
    set: Object.fromEntries(own),
    unset: unset.filter(isOwnPath),
    ...(password === undefined ? {} : { password }),
  };
}

function refuseAdministered({ set, unset, locked, disabled }: ChangeInput): void {
  const path = [...Object.keys(set), ...unset].find((changed) => !isOwnPath(changed));
  const state = locked === undefined ? (disabled === undefined ? undefined : 'accountDisabled') : 'accountLocked';
  const refused = path ?? state;
  if (refused === undefined) return;
  throw new ScimError(400, 'mutability', `Attribute ${refused} is written by administrators alone.`);
}
