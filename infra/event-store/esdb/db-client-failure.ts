/** Sorts the errors of the client library, among them bare ones of gRPC that it lets through. */
import { DriverFailure, type FailureKind } from './driver.ts';

interface ClientError {
  readonly message?: string;
  readonly type?: string;
  /** Of gRPC. */
  readonly code?: number | string;
  readonly actualVersion?: bigint | string;
}

const BY_TYPE: Readonly<Record<string, FailureKind>> = {
  'wrong-expected-version': 'wrong-revision',
  'stream-deleted': 'tombstoned',
  'stream-not-found': 'stream-not-found',
  'no-stream': 'stream-not-found',
  'access-denied': 'denied',
  'maximum-append-size-exceeded': 'too-large',
  'not-leader': 'unreached',
  unavailable: 'lost',
  cancelled: 'lost',
  timeout: 'timeout',
  'deadline-exceeded': 'timeout',
};

/** Bare errors come from asking for the server's features, which is done before a command is sent. */
const BY_CODE: Readonly<Record<string, FailureKind>> = {
  1: 'lost',
  3: 'invalid',
  4: 'timeout',
  7: 'denied',
  14: 'unreached',
  16: 'denied',
};

/** A broken connection comes under other names as well. */
const CONNECTION_BROKE = /RST_STREAM|Session closed|GOAWAY|ECONNRESET|Connection dropped/;
/** A connection with too many calls refuses more of them. */
const NOT_BEGUN = /^Failed to discover|Bandwidth exhausted/;

/** The error itself where it is of no known kind: a fault. */
export function driverFailure(error: unknown): unknown {
  if (error instanceof DriverFailure || typeof error !== 'object' || error === null) return error;
  const { message = '', type, code, actualVersion } = error as ClientError;
  const kind = BY_TYPE[type ?? ''] ?? BY_CODE[String(code)] ?? kindByMessage(message);
  if (kind === null) return error;
  // A negative number is none, in the words of some servers.
  const actual = typeof actualVersion === 'bigint' && actualVersion >= 0n ? actualVersion : 'no-stream';
  return new DriverFailure(kind, message, { cause: error, actual });
}

function kindByMessage(message: string): FailureKind | null {
  if (CONNECTION_BROKE.test(message)) return 'lost';
  return NOT_BEGUN.test(message) ? 'unreached' : null;
}
