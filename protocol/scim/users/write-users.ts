/** Users as changes: create, replace, patch, delete (RFC 7644 §3.3, §3.5, §3.6). */
import { CommandContention, type CommonRefusal, type Outcome } from '../../../commands/command.ts';
import { execute } from '../../../commands/pipeline.ts';
import { changeUser } from '../../../commands/users/change-user.ts';
import { createUser } from '../../../commands/users/create-user.ts';
import { deleteUser } from '../../../commands/users/delete-user.ts';
import type { UserCommandRefusal } from '../../../commands/users/user-command.ts';
import { isUuid } from '../../../domain/id-parsers.ts';
import type { Result } from '../../../domain/result.ts';
import { openAccount } from '../../../domain/users/account-state.ts';
import { type User, users } from '../../../domain/users/user.ts';
import type { Request, Response } from '../../http/route.ts';
import { applyPatch } from '../patch/apply.ts';
import { readOperations } from '../patch/request.ts';
import { callerOf, envelopeOf, type ScimDoor, scimReply } from '../scim-door.ts';
import { ScimError } from '../scim-error.ts';
import { accountWrite, CREATE_TRIGGERS, stateChange } from './account.ts';
import { type ChangeInput, patchable, patchChange, replaceChange } from './change-input.ts';
import { selectionOfQuery } from './list-request.ts';
import { withMemberships } from './memberships.ts';
import { documentOfState, locationOf, presented } from './present.ts';
import { notFound, scimError } from './refusals.ts';
import { readResource, toAttributes } from './resource.ts';

const CONFLICT_RETRIES_MAX = 3;

type UserOutcome = Result<Outcome<User>, UserCommandRefusal | CommonRefusal>;

/** The account that owns the organization, changed by another: the published contract answers without a body. */
const ownerProtected: Response = { status: 403, body: null };

export async function postUser(door: ScimDoor, request: Request): Promise<Response> {
  const resource = readResource(request.body);
  const account = accountWrite(resource, CREATE_TRIGGERS);
  const { userName } = account;
  if (userName === null) throw new ScimError(400, 'invalidValue', 'Attribute userName is required.');
  const password = account.password === null ? {} : { password: account.password };
  const state = stateChange(openAccount, account);
  const triggers = { invited: account.triggers.has('askPassword'), verifyEmail: account.triggers.has('verifyEmail') };
  const given = { userName, attributes: toAttributes(resource), ...state, ...password, ...triggers };
  const created = await execute(door.kernel, createUser, given, envelopeOf(request));
  return await reply(door, request, created, { status: 201, id: '' });
}

export function putUser(door: ScimDoor, request: Request): Promise<Response> {
  const resource = readResource(request.body);
  return change(door, request, (user) => replaceChange(user, resource));
}

export function patchUser(door: ScimDoor, request: Request): Promise<Response> {
  const operations = readOperations(request.body);
  return change(door, request, (user) => patchChange(user, applyPatch(patchable(user), operations)));
}

/** What is asked is worked out on the newest state, and holds for that state alone: whoever comes between is not overwritten. */
async function change(door: ScimDoor, request: Request, asked: (user: User) => ChangeInput): Promise<Response> {
  const { kernel } = door;
  const { id = '' } = request.params;
  for (let attempt = 0; attempt <= CONFLICT_RETRIES_MAX; attempt += 1) {
    const { state, revision } = isUuid(id) ? await kernel.aggregates.load(users, id) : absent;
    if (revision === 'no-stream' || !isSeen(request, state)) throw notFound(id);
    const input = { userId: id, ...asked(state) };
    const changed = await execute(kernel, changeUser, input, { ...envelopeOf(request), ifRevision: revision });
    if (changed.ok || changed.refusal.reason !== 'revision-differs')
      return await reply(door, request, changed, { status: 200, id });
  }
  throw new CommandContention(`user-${id}`);
}

const absent = { state: users.initial, revision: 'no-stream' } as const;

function isSeen(request: Request, user: User): boolean {
  const { tenant, org } = callerOf(request);
  return user.status === 'present' && user.tenant === tenant && user.org === org;
}

export async function removeUser(door: ScimDoor, request: Request): Promise<Response> {
  const { id = '' } = request.params;
  if (!isUuid(id)) throw notFound(id);
  const removed = await execute(door.kernel, deleteUser, { userId: id }, envelopeOf(request));
  if (!removed.ok) return refused(removed.refusal, id);
  const { position, pendingApproval } = removed.value;
  return { status: pendingApproval === undefined ? 204 : 202, body: null, ...(position === null ? {} : { position }) };
}

function refused(refusal: UserCommandRefusal | CommonRefusal, id: string): Response {
  if (refusal.reason === 'owner-protected') return ownerProtected;
  throw scimError(refusal, id);
}

async function reply(
  door: ScimDoor,
  request: Request,
  outcome: UserOutcome,
  { status, id }: { status: number; id: string },
): Promise<Response> {
  if (!outcome.ok) return refused(outcome.refusal, id);
  const { value } = outcome;
  const position = value.position === null ? {} : { position: value.position };
  if (value.pendingApproval !== undefined) return { status: 202, body: null, ...position };
  const { baseUrl } = request.tenant;
  const selection = selectionOfQuery(request.query);
  const document = documentOfState(value.id, value.state);
  // Whoever is in nothing is not looked up: a new user is in nothing.
  const isIn = value.state.groups.size + value.state.roles.size > 0;
  const [shown = document] = isIn ? await withMemberships(door, request, [document], selection) : [document];
  const user = presented(shown, baseUrl, selection);
  return { ...scimReply(status, user, { location: locationOf(baseUrl, value.id) }), ...position };
}
