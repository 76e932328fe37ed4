/**
 * Checkpoints of a folder that was put back from a backup: they are of the same instant as its log, and go over with it
 * to its new identity.
 */
import { openDatabase } from '../../sqlite/database.ts';

export interface RenewedLog {
  /** Identities. */
  readonly former: string;
  readonly next: string;
}

/** `file` of the embedded transient store, which nobody else has open. */
export function takeOverCheckpoints(file: string, { former, next }: RenewedLog): void {
  const database = openDatabase({ file });
  try {
    database
      .statement(
        `UPDATE entries SET value = json_set(value, '$.log', ?)
         WHERE type = 'consumer' AND json_extract(value, '$.log') = ?`,
      )
      .run(next, former);
  } finally {
    database.close();
  }
}
