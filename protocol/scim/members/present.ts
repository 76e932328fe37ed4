/** Members as an answer shows them: with their names, and without those that are gone. */
import type { Json } from '../../../domain/json.ts';
import type { Position } from '../../../infra/event-store/position.ts';
import type { Document } from '../../../infra/read-store/read-store.ts';
import type { HolderType } from '../../../projections/access.ts';
import { GROUPS, ROLES } from '../../../projections/access.ts';
import { USERS } from '../../../projections/users.ts';
import { documentsByIds, membersOf, openMembershipsOf } from '../../../read-api/memberships.ts';
import { reachPosition } from '../../../read-api/min-position.ts';
import type { ScimDoor } from '../scim-door.ts';
import { ScimError } from '../scim-error.ts';

/** In one answer to a question; whoever has more is asked about by pages. */
const MEMBERS_SHOWN_MAX = 2_000;
/** In the answer to a change, and of each in a list; beyond it they are left out. */
const MEMBERS_ANSWERED_MAX = 100;

export interface Ground {
  readonly door: Pick<ScimDoor, 'readStore'>;
  readonly tenant: string;
  readonly org: string;
  /** Address of the tenant. */
  readonly base: string;
  /** What the asker has seen: no name of before is shown. */
  readonly minPosition: Position | null;
}

interface Listed {
  readonly target: string;
  readonly holderType: HolderType;
  /** Of a question about one alone too many are refused; else they are left out. */
  readonly why: 'question' | 'change' | 'list';
}

/** Undefined: too many to be shown with a change, or in a list. */
export async function shownMembers(
  ground: Ground,
  { target, holderType, why }: Listed,
): Promise<readonly Json[] | undefined> {
  const { door, tenant, org } = ground;
  const max = why === 'question' ? MEMBERS_SHOWN_MAX : MEMBERS_ANSWERED_MAX;
  const ids = await membersOf(door.readStore, { tenant, org, target, holderType, limit: max + 1 });
  if (ids.length > max) {
    if (why !== 'question') return undefined;
    const what = `It has more than ${max} ${holderType}s, which is too many for one answer.`;
    const how = `Leave them out with excludedAttributes, or read /scim2/Users?filter=groups.value eq "${target}" by pages.`;
    throw new ScimError(400, 'tooMany', `${what} ${how}`);
  }
  const isUser = holderType === 'user';
  const holders = isUser ? USERS : GROUPS;
  await reachPosition(door.readStore, holders, ground.minPosition);
  const documents = await documentsByIds(door.readStore, holders, { tenant, ids });
  return documents
    .filter((document) => document.org === org)
    .map((document) => ({
      value: document.id,
      display: String(isUser ? document['userName'] : document['displayName']),
      $ref: `${ground.base}/scim2/${isUser ? 'Users' : 'Groups'}/${document.id}`,
    }));
}

export interface HeldBy {
  readonly groups: readonly Json[];
  readonly roles: readonly Json[];
}

/** What each holder is in: groups, and roles directly or through those groups. */
export async function heldBy(ground: Ground, holders: readonly string[]): Promise<ReadonlyMap<string, HeldBy>> {
  const { door, tenant, org } = ground;
  const own = await openMembershipsOf(door.readStore, ground, holders);
  if (own.length === 0) return new Map();
  const groupIds = targetsOf(own, 'group');
  const inherited = await openMembershipsOf(door.readStore, ground, groupIds);
  const ofOrg = async (collection: string, ids: readonly string[]): Promise<ReadonlyMap<string, Document>> => {
    const documents = await documentsByIds(door.readStore, collection, { tenant, ids });
    return new Map(documents.filter((document) => document.org === org).map((document) => [document.id, document]));
  };
  const groups = await ofOrg(GROUPS, groupIds);
  const roles = await ofOrg(ROLES, targetsOf([...own, ...inherited], 'role'));
  const throughGroup = Map.groupBy(inherited, ({ holder }) => holder);
  return new Map(
    [...Map.groupBy(own, ({ holder }) => holder)].map(([holder, memberships]) => {
      const joined = memberships.filter(({ target }) => groups.has(target)).map(({ target }) => target);
      const through = joined.flatMap((group) => throughGroup.get(group) ?? []);
      const held = targetsOf([...memberships, ...through], 'role');
      return [
        holder,
        {
          groups: joined.flatMap((id) => shownGroup(ground, groups.get(id))),
          roles: held.flatMap((id) => shownRole(ground, roles.get(id))),
        },
      ];
    }),
  );
}

const targetsOf = (
  memberships: readonly { readonly target: string; readonly targetType: string }[],
  type: string,
): readonly string[] => [
  ...new Set(memberships.filter(({ targetType }) => targetType === type).map(({ target }) => target)),
];

function shownGroup({ base }: Ground, group: Document | undefined): readonly Json[] {
  if (group === undefined) return [];
  const { id, displayName } = group;
  return [{ value: id, display: String(displayName), $ref: `${base}/scim2/Groups/${id}` }];
}

function shownRole({ base }: Ground, role: Document | undefined): readonly Json[] {
  if (role === undefined) return [];
  const { id, displayName } = role;
  const { type, value } = role['audience'] as { readonly type: string; readonly value: string };
  const $ref = `${base}/scim2/v2/Roles/${id}`;
  return [{ value: id, display: String(displayName), audienceValue: value, audienceType: type, $ref }];
}
