/** Faults of the operator's choice of data, the same from every adapter. */

/** A checkpoint of one log says nothing about another: the operator chose the wrong data or the wrong log. */
export class ReadModelOfAnotherLog extends Error {
  constructor(projection: string, expected: string, found: string) {
    super(`projection ${projection} was built from log ${found}, not from ${expected}`);
    this.name = 'ReadModelOfAnotherLog';
  }
}

/** Another process leads the projection since; nothing was written. */
export class FormerLeader extends Error {
  constructor(projection: string, fence: number) {
    super(`another leads projection ${projection} since lease ${fence}`);
    this.name = 'FormerLeader';
  }
}
