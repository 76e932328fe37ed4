/** A file that stands in a data folder as long as a restore into it has not ended: no server starts on it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const RESTORE_MARK = 'restore-not-finished';

export class RestoreNotFinished extends Error {
  constructor(directory: string) {
    super(
      `a restore into ${directory} was interrupted and the folder is not whole: run the same \`muniment restore\` again`,
    );
    this.name = 'RestoreNotFinished';
  }
}

/** Throws {@link RestoreNotFinished}. */
export function refuseHalfRestored(directory: string): void {
  if (existsSync(join(directory, RESTORE_MARK))) throw new RestoreNotFinished(directory);
}
