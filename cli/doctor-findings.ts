/** What a check found: said once, bounded in number, each with what to do. */

/** Of one kind; the rest is counted. */
export const FINDINGS_LISTED_MAX = 50;

export type CheckName = 'configuration' | 'log' | 'vault' | 'reservations' | 'read-models';

export interface Finding {
  readonly check: CheckName;
  readonly detail: string;
}

export interface Findings {
  add(check: CheckName, detail: string): void;
  readonly listed: readonly Finding[];
  /** All of a check, listed or not. */
  count(check: CheckName): number;
}

export function newFindings(): Findings {
  const listed: Finding[] = [];
  const counts = new Map<CheckName, number>();
  return {
    add(check, detail) {
      const count = (counts.get(check) ?? 0) + 1;
      counts.set(check, count);
      if (count <= FINDINGS_LISTED_MAX) listed.push({ check, detail });
    },
    listed,
    count: (check) => counts.get(check) ?? 0,
  };
}

/** What an operator should do about findings of a check. */
export const remedies: Readonly<Record<CheckName, string>> = {
  configuration: 'Correct the environment variables; README.md lists them.',
  log: 'Do not write to this log any more: restore it from a backup, and keep the damaged file for examination.',
  vault: 'Restore the vault of the same moment as the log, with the deployment key it was made with.',
  reservations:
    'A name may be blocked or given twice. Rename the owner and back, or report it with the output of --json.',
  'read-models':
    'What is behind catches up by itself while a server runs: start one, and check again. For a document that is not ' +
    'what the log makes of it run `muniment projections rebuild NAME`; if it differs again, the projection is wrong: ' +
    'report it.',
};
