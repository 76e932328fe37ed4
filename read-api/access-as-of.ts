/** Who could do what at a moment, from when to when, through which path, and by which events. */
import type { Document, ReadStore } from '../infra/read-store/read-store.ts';
import { PAGE_SIZE_MAX } from '../infra/read-store/read-store.ts';
import { ACCESS_HISTORY, MEMBERSHIPS } from '../projections/access.ts';
import { documentsByIds } from './memberships.ts';

/** An event that began or ended something. */
export interface Cause {
  readonly event: string;
  readonly at: string;
  /** Encoded. */
  readonly position: string;
  readonly actor?: string;
}

/** From the event that began it to the one that ended it, null while it holds. */
export interface Interval {
  readonly from: Cause;
  readonly to: Cause | null;
}

export type AccessMoment =
  | { readonly kind: 'instant'; readonly instant: string }
  /** Encoded. */
  | { readonly kind: 'position'; readonly position: string };

export interface HeldPath extends Interval {
  /** Null: given to the user himself, or to everybody. */
  readonly group: { readonly id: string; readonly displayName: string } | null;
  /** The events that together made it so. */
  readonly why: readonly Cause[];
}

export interface RoleAt {
  readonly id: string;
  readonly displayName: string;
  readonly audience: { readonly type: string; readonly value: string };
  readonly permissions: readonly (Interval & { readonly value: string })[];
  readonly held: readonly HeldPath[];
}

export interface AccessQuestion {
  readonly tenant: string;
  readonly org: string;
  readonly user: string;
  readonly moment: AccessMoment;
  readonly everyoneRole: string;
}

/** Memberships that one answer looks at; who had more is asked about at the log. */
export const MEMBERSHIPS_LOOKED_AT_MAX = 20_000;

/** The user had more memberships over time than one answer looks at. */
export class TooManyMemberships extends Error {
  constructor() {
    super(`an answer about access looks at ${MEMBERSHIPS_LOOKED_AT_MAX} memberships at most`);
    this.name = 'TooManyMemberships';
  }
}

type Reads = Pick<ReadStore, 'query' | 'findMany'>;

/** The roles that the user held, by name. What the account itself was then is not looked at. */
export async function rolesAt(reads: Reads, question: AccessQuestion): Promise<readonly RoleAt[]> {
  const { tenant, org, moment } = question;
  const own = await membershipsAt(reads, question, [question.user]);
  const joined = own.filter(({ targetType }) => targetType === 'group').map(({ target }) => target);
  const lives = async (ids: readonly string[]): Promise<ReadonlyMap<string, Life>> => {
    const documents = await documentsByIds(reads, ACCESS_HISTORY, { tenant, ids: [...new Set(ids)] });
    const found = documents.filter((document) => document.org === org).map((document) => lifeOf(document, moment));
    return new Map(found.filter(({ whole }) => holdsAt(whole, moment)).map((life) => [life.id, life]));
  };
  const groups = await lives(joined);
  const inherited = groups.size === 0 ? [] : await membershipsAt(reads, question, [...groups.keys()]);
  const held = [...own, ...inherited].filter(({ targetType }) => targetType === 'role');
  const roles = await lives([...held.map(({ target }) => target), question.everyoneRole]);

  const paths = new Map<string, HeldPath[]>();
  const add = (role: string, path: HeldPath) => paths.set(role, [...(paths.get(role) ?? []), path]);
  const direct = new Map(own.map((membership) => [membership.target, membership]));
  for (const membership of held) {
    const role = roles.get(membership.target);
    if (role === undefined) continue;
    const group = groups.get(membership.holder);
    const joining = group === undefined ? undefined : direct.get(group.id);
    if (group === undefined || joining === undefined) add(role.id, pathOf([membership.span, role.whole], null));
    else add(role.id, pathOf([joining.span, membership.span, group.whole, role.whole], group));
  }
  const everyone = roles.get(question.everyoneRole);
  if (everyone !== undefined) add(everyone.id, pathOf([everyone.whole], null));
  return [...roles.values()]
    .flatMap((role) => roleAt(role, paths.get(role.id) ?? []))
    .sort((a, b) => (a.displayName < b.displayName ? -1 : 1));
}

function roleAt({ id, name, audience, permissions }: Life, held: readonly HeldPath[]): readonly RoleAt[] {
  if (held.length === 0 || audience === null) return [];
  const listed = [...permissions].map(([value, span]) => ({ value, ...span }));
  return [{ id, displayName: name, audience, permissions: listed, held }];
}

/** Holds while all of its parts do. */
function pathOf(parts: readonly Interval[], group: Life | null): HeldPath {
  const why = parts.map(({ from }) => from).sort((a, b) => (a.position < b.position ? -1 : 1));
  const ends = parts.flatMap(({ to }) => to ?? []).sort((a, b) => (a.position < b.position ? -1 : 1));
  const from = why.at(-1);
  if (from === undefined) throw new TypeError('a path has at least one part');
  const shown = group === null ? null : { id: group.id, displayName: group.name };
  return { from, to: ends[0] ?? null, group: shown, why };
}

interface MembershipAt {
  readonly holder: string;
  readonly target: string;
  readonly targetType: string;
  readonly span: Interval;
}

async function membershipsAt(
  reads: Reads,
  { tenant, org, moment }: AccessQuestion,
  holders: readonly string[],
): Promise<readonly MembershipAt[]> {
  const found: MembershipAt[] = [];
  const filter = { op: 'in', path: 'holder', values: holders } as const;
  const asked = { collection: MEMBERSHIPS, tenant, org, filter, limit: PAGE_SIZE_MAX } as const;
  let seen = 0;
  for (let page = await reads.query(asked); ; page = await reads.query({ ...asked, after: page.next })) {
    seen += page.documents.length;
    if (seen > MEMBERSHIPS_LOOKED_AT_MAX) throw new TooManyMemberships();
    for (const { holder, target, targetType, from, to } of page.documents) {
      const span = { from: from as unknown as Cause, to: (to as unknown as Cause | undefined) ?? null };
      if (!holdsAt(span, moment)) continue;
      found.push({ holder: String(holder), target: String(target), targetType: String(targetType), span });
    }
    if (page.next === null) return found;
  }
}

/** A role or group over its time. */
interface Life {
  readonly id: string;
  readonly whole: Interval;
  /** As it was called then. */
  readonly name: string;
  readonly audience: RoleAt['audience'] | null;
  /** Those that it carried then. */
  readonly permissions: ReadonlyMap<string, Interval>;
}

type HistoryChange = Cause & {
  readonly name?: string;
  readonly added?: readonly string[];
  readonly removed?: readonly string[];
  readonly gone?: boolean;
};

function lifeOf(document: Document, moment: AccessMoment): Life {
  const made = document['made'] as unknown as Cause;
  const history = Object.entries(document['changes'] as unknown as { readonly [revision: string]: HistoryChange })
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, change]) => change);
  const end = history.find(({ gone }) => gone === true);
  const past = history.filter((change) => hasHappened(change, moment));
  const permissions = permissionsOver(document, made, history);
  return {
    id: document.id,
    whole: { from: made, to: end === undefined ? null : causeOf(end) },
    name: past.findLast(({ name }) => name !== undefined)?.name ?? String(document['displayName']),
    audience: (document['audience'] as RoleAt['audience'] | undefined) ?? null,
    permissions: new Map(permissions.filter(([, span]) => holdsAt(span, moment))),
  };
}

/** Every time for which it carried a permission. */
function permissionsOver(
  document: Document,
  made: Cause,
  history: readonly HistoryChange[],
): readonly (readonly [string, Interval])[] {
  const open = new Map<string, Cause>(
    Object.keys((document['permissions'] as object | undefined) ?? {}).map((name) => [name, made]),
  );
  const over: (readonly [string, Interval])[] = [];
  for (const change of history) {
    for (const name of change.removed ?? []) {
      const from = open.get(name);
      if (from !== undefined) over.push([name, { from, to: causeOf(change) }]);
      open.delete(name);
    }
    for (const name of change.added ?? []) open.set(name, causeOf(change));
  }
  return [...over, ...[...open].map(([name, from]) => [name, { from, to: null }] as const)];
}

const causeOf = ({ event, at, position, actor }: Cause): Cause => ({
  event,
  at,
  position,
  ...(actor === undefined ? {} : { actor }),
});

const hasHappened = (cause: Cause, moment: AccessMoment): boolean =>
  moment.kind === 'instant' ? cause.at <= moment.instant : cause.position <= moment.position;

const holdsAt = ({ from, to }: Interval, moment: AccessMoment): boolean =>
  hasHappened(from, moment) && (to === null || !hasHappened(to, moment));
