/** What can go wrong at the log, in every adapter alike. */
import type { Revision, StreamName } from './event-store.ts';

export class EventStoreError extends Error {
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.retryable = retryable;
  }
}

/** Somebody else wrote first. Nothing was written. */
export class WrongExpectedRevision extends EventStoreError {
  readonly stream: StreamName;
  readonly expected: Revision | 'no-stream' | 'exists' | 'any';
  readonly actual: Revision | 'no-stream';

  constructor(stream: StreamName, expected: Revision | 'no-stream' | 'exists' | 'any', actual: Revision | 'no-stream') {
    super(`stream ${stream} is at ${actual}, expected ${expected}`, false);
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

export class StreamTombstoned extends EventStoreError {
  readonly stream: StreamName;

  constructor(stream: StreamName) {
    super(`stream ${stream} is tombstoned`, false);
    this.stream = stream;
  }
}

export interface AppendViolation {
  /** Of the part of the append whose expectation is wrong. */
  readonly part: number;
  readonly actual: Revision | 'no-stream' | 'soft-deleted' | 'tombstoned';
}

/** Of an append to several streams: every expectation that is wrong. Nothing was written. */
export class AppendViolated extends EventStoreError {
  readonly violations: readonly AppendViolation[];

  constructor(violations: readonly AppendViolation[]) {
    super(`${violations.length} expectations of an append are wrong`, false);
    this.violations = violations;
  }
}

export class AppendTooLarge extends EventStoreError {
  /** Bytes. */
  readonly limit: number;
  readonly size: number;

  constructor(limit: number, size: number) {
    super(`append of ${size} bytes is over the limit of ${limit}`, false);
    this.limit = limit;
    this.size = size;
  }
}

export class InvalidArgument extends EventStoreError {
  constructor(message: string) {
    super(message, false);
  }
}

/** @public Part of the port: servers with accounts of their own refuse with it. */
export class AccessDenied extends EventStoreError {
  constructor(message: string) {
    super(message, false);
  }
}

/** The store cannot be used now. `unknown`: the append may have been written. */
export class StoreUnavailable extends EventStoreError {
  readonly outcome: 'not-applied' | 'unknown';

  constructor(message: string, outcome: 'not-applied' | 'unknown', options?: ErrorOptions) {
    super(message, true, options);
    this.outcome = outcome;
  }
}

export class StoreTimeout extends EventStoreError {
  readonly outcome = 'unknown';

  constructor(message: string) {
    super(message, true);
  }
}

export class Unsupported extends EventStoreError {
  readonly feature: string;

  constructor(feature: string) {
    super(`the event store does not support ${feature}`, false);
    this.feature = feature;
  }
}
