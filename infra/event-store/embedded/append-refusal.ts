/** What an append was decided to be, and the refusals that come of it. */
import { JobRefused } from '../../sqlite/group-commit.ts';
import type { AppendDecision } from '../append-decision.ts';
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
