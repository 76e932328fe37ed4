/** GET /api/read/access?user=&at=: who could do what at a moment, and why. */
import type { Kernel } from '../../commands/kernel.ts';
import { everyoneRoleId } from '../../commands/roles/everyone.ts';
import { isUuid } from '../../domain/id-parsers.ts';
import { accountState, type User, users } from '../../domain/users/user.ts';
import { encodePosition } from '../../infra/event-store/position.ts';
import type { ReadStore } from '../../infra/read-store/read-store.ts';
import { MEMBERSHIPS } from '../../projections/access.ts';
import { type AccessMoment, type RoleAt, rolesAt, TooManyMemberships } from '../../read-api/access-as-of.ts';
import type { Moment } from '../../read-api/as-of.ts';
import { entityEvents } from '../../read-api/entity-stream.ts';
import { reachPosition } from '../../read-api/min-position.ts';
import type { Request, Response, Route } from '../http/route.ts';
import { callerOf } from '../rest/request-input.ts';
import { momentOf } from './moment.ts';
import { answering, Problem, problems } from './problem.ts';
import { knownParameters } from './query-input.ts';

export interface AccessDoor {
  readonly kernel: Kernel;
  readonly readStore: ReadStore;
}

const PARAMETERS = new Set(['user', 'at', 'minPosition']);

export const accessRoutes = (door: AccessDoor): readonly Route[] => [
  {
    method: 'GET',
    path: '/api/read/access',
    access: { kind: 'scopes', scopes: ['internal_audit_view'] },
    body: 'none',
    errors: problems,
    summary:
      'What a user (query: user) could do at a moment (query: at, now if absent), since when, and by which events.',
    handle: answering((request) => readAccess(door, request)),
  },
];

async function readAccess({ kernel, readStore }: AccessDoor, request: Request): Promise<Response> {
  const { query } = request;
  knownParameters(query, PARAMETERS);
  const user = query.get('user') ?? '';
  if (!isUuid(user)) throw new Problem(400, 'parameter-invalid', 'The parameter user is the id of a user.');
  const { tenant, org } = callerOf(request);
  const at = query.get('at') ?? new Date(kernel.clock()).toISOString();
  const moment = await momentOf(kernel, at);
  const account = await accountAt(kernel, user, moment);
  // Judged by where the user belongs now, and by the rights that the caller has now.
  if (account === null || account.home.tenant !== tenant || account.home.org !== org) {
    throw new Problem(404, 'not-found', 'There is no such user.');
  }
  // What is asked about the present is asked about the newest present.
  await reachPosition(readStore, MEMBERSHIPS, await kernel.store.headOf('access.'));
  const roles = account.then.status === 'present' ? await heldRoles(readStore, { tenant, org, user, moment }) : [];
  const { status } = account.then;
  const state = status === 'present' ? accountState(account.then) : null;
  const body = { user, at, account: { status, state }, permissions: permissionsIn(roles), roles };
  return { status: 200, headers: { 'cache-control': 'no-store' }, body };
}

interface Asked {
  readonly tenant: string;
  readonly org: string;
  readonly user: string;
  readonly moment: Moment;
}

async function heldRoles(readStore: ReadStore, { moment, ...asked }: Asked): Promise<readonly RoleAt[]> {
  const question = { ...asked, moment: encoded(moment), everyoneRole: everyoneRoleId(asked.org) };
  try {
    return await rolesAt(readStore, question);
  } catch (error) {
    if (error instanceof TooManyMemberships) throw new Problem(422, 'too-many-memberships', error.message);
    throw error;
  }
}

const encoded = (moment: Moment): AccessMoment =>
  moment.kind === 'instant' ? moment : { kind: 'position', position: encodePosition(moment.position) };

/** By where they count: in the organization, and in the tokens of each application that has roles of its own. */
function permissionsIn(roles: readonly RoleAt[]): object {
  const byAudience = Map.groupBy(roles, ({ audience }) => audience.type);
  const valuesOf = (list: readonly RoleAt[]): readonly string[] =>
    [...new Set(list.flatMap(({ permissions }) => permissions.map(({ value }) => value)))].sort();
  const applications = Map.groupBy(byAudience.get('application') ?? [], ({ audience }) => audience.value);
  return {
    organization: valuesOf(byAudience.get('organization') ?? []),
    applications: Object.fromEntries([...applications].map(([id, list]) => [id, valuesOf(list)])),
  };
}

interface Account {
  readonly home: { readonly tenant: string; readonly org: string };
  readonly then: User;
}

/** Null: there never was such a user. */
async function accountAt(kernel: Kernel, user: string, moment: Moment): Promise<Account | null> {
  let now = users.initial;
  let then = users.initial;
  for await (const event of entityEvents(kernel, `${users.category}-${user}`)) {
    now = users.evolve(now, event);
    const isPast =
      moment.kind === 'instant'
        ? event.meta.at <= moment.instant
        : encodePosition(event.position) <= encodePosition(moment.position);
    if (isPast) then = now;
  }
  const home = users.home(now);
  return home === null ? null : { home, then };
}
