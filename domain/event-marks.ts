/** Which values of each event type are personal, as plain data: what a thread that only reads needs of the catalogue. */

export interface EventMark {
  readonly type: string;
  /** Key paths of the personal values inside `data`. */
  readonly sealed: readonly (readonly string[])[];
}

export type EventMarks = ReadonlyMap<string, EventMark>;
