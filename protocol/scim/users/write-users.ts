/** Users as changes: create, replace, patch, delete (RFC 7644 §3.3, §3.5, §3.6). */
import { CommandContention, type CommonRefusal, type Outcome } from '../../../commands/command.ts';
import { answeredBefore, execute } from '../../../commands/pipeline.ts';
import type { AnyCommand } from '../../../commands/registry.ts';
import { changeUser } from '../../../commands/users/change-user.ts';
import { createUser } from '../../../commands/users/create-user.ts';
import { deleteUser } from '../../../commands/users/delete-user.ts';
import type { UserCommandRefusal } from '../../../commands/users/user-command.ts';
import { isUuid } from '../../../domain/id-parsers.ts';
import type { Result } from '../../../domain/result.ts';
import { openAccount } from '../../../domain/users/account-state.ts';
import { type User, users } from '../../../domain/users/user.ts';
import type { Request, Response } from '../../http/route.ts';
import { etagOf, requireCondition } from '../etag.ts';
import { applyPatch } from '../patch/apply.ts';
import { readOperations } from '../patch/request.ts';
import { callerOf, envelopeOf, type ScimDoor, scimReply } from '../scim-door.ts';
import { ScimError } from '../scim-error.ts';
import { selectionOfQuery } from '../selection.ts';
import { accountWrite, CREATE_TRIGGERS, stateChange } from './account.ts';
import { type ChangeInput, patchable, patchChange, replaceChange } from './change-input.ts';
import { withMemberships } from './memberships.ts';
import { catalogueFor, declaredOf } from './organization-attributes.ts';
import { documentOfState, locationOf, presented, userVocabulary } from './present.ts';
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
  const given = {
    userName,
    attributes: toAttributes(resource),
    undeclared: 'drop',
    ...state,
    ...password,
    ...triggers,
  };
  const created = await execute(door.kernel, createUser, given, envelopeOf(request));
  return await reply(door, request, { outcome: created, status: 201, id: '' });
}

export function putUser(door: ScimDoor, request: Request): Promise<Response> {
  const resource = readResource(request.body);
  const asked = (user: User) => replaceChange(user, resource);
  return change(door, request, { id: idOf(request), command: changeUser, asked });
}

export function patchUser(door: ScimDoor, request: Request): Promise<Response> {
  const operations = readOperations(request.body);
  const id = idOf(request);
  const asked = (user: User) => patchChange(user, applyPatch(patchable(id, user), operations));
  return change(door, request, { id, command: changeUser, asked });
}

export const removeUser = (door: ScimDoor, request: Request): Promise<Response> =>
  remove(door, request, { id: idOf(request), command: deleteUser });

const idOf = ({ params }: Request): string => params['id'] ?? '';

/** The change of one user, by the command that the caller may use. */
export interface Change {
  readonly id: string;
  readonly command: AnyCommand;
  readonly asked: (user: User) => ChangeInput;
}

/** What is asked is worked out on the newest state, and holds for that state alone: whoever comes between is not overwritten. */
export async function change(door: ScimDoor, request: Request, { id, command, asked }: Change): Promise<Response> {
  const changed = await onNewest(door, request, { id, command, inputOf: (user) => ({ userId: id, ...asked(user) }) });
  return await reply(door, request, { outcome: changed, status: 200, id });
}

export async function remove(
  door: ScimDoor,
  request: Request,
  { id, command }: Omit<Change, 'asked'>,
): Promise<Response> {
  const removed = await onNewest(door, request, { id, command, inputOf: () => ({ userId: id }) });
  if (!removed.ok) return refused(removed.refusal, id);
  const { position, pendingApproval } = removed.value;
  return { status: pendingApproval === undefined ? 204 : 202, body: null, ...(position === null ? {} : { position }) };
}

interface Attempt {
  readonly id: string;
  readonly command: AnyCommand;
  readonly inputOf: (user: User) => object;
}

/** A condition on the version is judged on the very state that the change is made to. */
async function onNewest(
  { kernel }: ScimDoor,
  request: Request,
  { id, command, inputOf }: Attempt,
): Promise<UserOutcome> {
  if (!isUuid(id)) throw notFound(id);
  const envelope = envelopeOf(request);
  const former = await answeredBefore(kernel, command, { userId: id }, envelope);
  if (former !== null) return former as UserOutcome;
  for (let attempt = 0; attempt <= CONFLICT_RETRIES_MAX; attempt += 1) {
    const { state, revision } = await kernel.aggregates.load(users, id);
    if (revision === 'no-stream' || !isSeen(request, state)) throw notFound(id);
    requireCondition(request, etagOf(revision));
    const outcome = await execute(kernel, command, inputOf(state), { ...envelope, ifRevision: revision });
    if (outcome.ok || outcome.refusal.reason !== 'revision-differs') return outcome as UserOutcome;
  }
  throw new CommandContention(`user-${id}`);
}

function isSeen(request: Request, user: User): boolean {
  const { tenant, org } = callerOf(request);
  return user.status === 'present' && user.tenant === tenant && user.org === org;
}

function refused(refusal: UserCommandRefusal | CommonRefusal, id: string): Response {
  if (refusal.reason === 'owner-protected') return ownerProtected;
  throw scimError(refusal, id);
}

interface Answer {
  readonly outcome: UserOutcome;
  readonly status: number;
  readonly id: string;
}

async function reply(door: ScimDoor, request: Request, { outcome, status, id }: Answer): Promise<Response> {
  if (!outcome.ok) return refused(outcome.refusal, id);
  const { value } = outcome;
  const position = value.position === null ? {} : { position: value.position };
  if (value.pendingApproval !== undefined) return { status: 202, body: null, ...position };
  const { baseUrl } = request.tenant;
  const selection = selectionOfQuery(userVocabulary, request.query);
  const document = declaredOf(
    await catalogueFor(door, request),
    documentOfState(value.id, value.state, value.revision),
  );
  // Whoever is in nothing is not looked up: a new user is in nothing.
  const isIn = value.state.groups.size + value.state.roles.size > 0;
  const [shown = document] = isIn ? await withMemberships(door, request, [document], selection) : [document];
  const user = presented(shown, baseUrl, selection);
  const headers = { location: locationOf(baseUrl, value.id), etag: etagOf(value.revision) };
  return { ...scimReply(status, user, headers), ...position };
}
