/** Brings a change of members to the log: one command, and one event on the member's own stream, for each of them. */
import type { CommonRefusal, Envelope, Outcome } from '../../../commands/command.ts';
import { execute } from '../../../commands/pipeline.ts';
import type { AnyCommand } from '../../../commands/registry.ts';
import type { Result } from '../../../domain/result.ts';
import { laterPosition, type Position } from '../../../infra/event-store/position.ts';
import { type HolderType, MEMBERSHIPS } from '../../../projections/access.ts';
import { membersOf } from '../../../read-api/memberships.ts';
import { reachPosition } from '../../../read-api/min-position.ts';
import type { Request } from '../../http/route.ts';
import { callerOf, envelopeOf, type ScimDoor } from '../scim-door.ts';
import { ScimError } from '../scim-error.ts';
import { MEMBER_CHANGES_MAX, type MemberEdit } from './edit.ts';

/** At the same time: they share the log's commits. */
const PARALLEL_MAX = 32;

export interface MembersOf {
  /** Id of the group or role. */
  readonly target: string;
  readonly holderType: HolderType;
  readonly add: AnyCommand;
  readonly remove: AnyCommand;
  /** What the commands take. */
  readonly input: (member: string) => object;
  /** What a refusal is called here. */
  readonly refused: (refusal: { readonly reason: string }, member: string) => ScimError;
}

export interface PreparedChange {
  readonly members: MembersOf;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly envelope: Envelope;
}

/** Everything is decided once without a trace: a request of which one part is refused changes nothing. */
export async function prepareMembers(
  door: ScimDoor,
  request: Request,
  members: MembersOf,
  edit: MemberEdit,
): Promise<PreparedChange> {
  const change = { members, envelope: envelopeOf(request), ...(await differenceOf(door, request, members, edit)) };
  await each(change, async (command, member) => {
    const { envelope } = change;
    const decided = await execute(door.kernel, command, members.input(member), { ...envelope, dryRun: true });
    if (!decided.ok) throw members.refused(decided.refusal, member);
  });
  return change;
}

async function differenceOf(door: ScimDoor, request: Request, members: MembersOf, edit: MemberEdit) {
  const { anew, added, removed } = edit;
  if (!anew) return { added: [...added], removed: [...removed] };
  const { tenant, org } = callerOf(request);
  const { target, holderType } = members;
  await reachPosition(door.readStore, MEMBERSHIPS, request.minPosition);
  const limit = MEMBER_CHANGES_MAX + added.size + 1;
  const former = new Set(await membersOf(door.readStore, { tenant, org, target, holderType, limit }));
  const gone = [...former.difference(added)];
  const come = [...added.difference(former)];
  if (gone.length + come.length <= MEMBER_CHANGES_MAX) return { added: come, removed: gone };
  throw new ScimError(400, 'tooMany', `One request changes at most ${MEMBER_CHANGES_MAX} members; name them by PATCH.`);
}

/** Position of the last of them; null when nothing was to be done. A member that is gone meanwhile is passed over. */
export async function applyMembers(door: ScimDoor, change: PreparedChange): Promise<Position | null> {
  let last: Position | null = null;
  await each(change, async (command, member) => {
    const { envelope, members } = change;
    const done: Result<Outcome, CommonRefusal | { reason: string }> = await execute(
      door.kernel,
      command,
      members.input(member),
      envelope,
    );
    if (!done.ok) {
      if (GONE.has(done.refusal.reason)) return;
      throw members.refused(done.refusal, member);
    }
    const { position, changed } = done.value;
    if (position !== null && changed) last = last === null ? position : laterPosition(last, position);
  });
  return last;
}

const GONE: ReadonlySet<string> = new Set(['user-not-found', 'not-found']);

async function each(
  { members, added, removed }: PreparedChange,
  work: (command: AnyCommand, member: string) => Promise<void>,
): Promise<void> {
  const jobs = [
    ...removed.map((member) => [members.remove, member] as const),
    ...added.map((member) => [members.add, member] as const),
  ];
  for (let at = 0; at < jobs.length; at += PARALLEL_MAX) {
    await Promise.all(jobs.slice(at, at + PARALLEL_MAX).map(([command, member]) => work(command, member)));
  }
}
