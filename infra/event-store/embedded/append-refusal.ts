/** What an append was decided to be, and the refusals that come of it. */
import { JobRefused } from '../../sqlite/group-commit.ts';
import type { AppendDecision } from '../append-decision.ts';
import type { AppendViolation } from '../errors.ts';
import { SOFT_DELETED } from './schema.ts';
import type { StreamRow } from './stream-rows.ts';
import type { AppendPart, LogRefusal } from './writer-jobs.ts';

export interface Decided {
  readonly part: AppendPart;
  readonly row: StreamRow | null;
  readonly decision: AppendDecision;
}

export const refuse = (refusal: LogRefusal): JobRefused => new JobRefused(refusal);

export const conflict = ({ part: [stream, expected], row }: Decided): JobRefused =>
  refuse({ kind: 'conflict', stream, expected, actual: row?.rev ?? -1 });

export const refusalOf = (decided: Decided): JobRefused =>
  decided.decision.kind === 'tombstoned' ? refuse({ kind: 'tombstoned', stream: decided.part[0] }) : conflict(decided);

/** Of parts that are not all repeated: a part that is a repeat beside others that are new is wrong, too. */
export function violationsOf(decided: readonly Decided[]): readonly AppendViolation[] {
  return decided.flatMap(({ decision, row }, part): AppendViolation[] => {
    if (decision.kind === 'append') return [];
    if (decision.kind === 'tombstoned') return [{ part, actual: 'tombstoned' }];
    if (row?.state === SOFT_DELETED) return [{ part, actual: 'soft-deleted' }];
    return [{ part, actual: row === null || row.rev < 0 ? 'no-stream' : BigInt(row.rev) }];
  });
}
