/** Sorts the errors of the client library, among them bare ones of gRPC that it lets through. */
import { DriverFailure, type FailureKind } from './driver.ts';

interface ClientError {
  readonly message?: string;
  readonly type?: string;
  /** Of gRPC. */
  readonly code?: number | string;
  readonly actualVersion?: bigint | string;
  /** The same, in the newer client. */
  readonly actualState?: bigint | string;
  readonly streamName?: string;
  readonly stream?: string;
  readonly violations?: readonly { readonly streamName: string; readonly actualState: bigint | string }[];
}

/** Of a stream that is tombstoned, in the words of the second version of the protocol. */
const TOMBSTONED = -6n;

const BY_TYPE: Readonly<Record<string, FailureKind>> = {
  'wrong-expected-version': 'wrong-revision',
  'append-consistency-violation': 'wrong-revision',
  'stream-deleted': 'tombstoned',
  'stream-tombstoned': 'tombstoned',
  'stream-not-found': 'stream-not-found',
  'no-stream': 'stream-not-found',
  'access-denied': 'denied',
  'maximum-append-size-exceeded': 'too-large',
  'append-record-size-exceeded': 'too-large',
  'transaction-max-size-exceeded': 'too-large',
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
  const { message = '', type, code, actualVersion, actualState, streamName, stream, violations } = error as ClientError;
  const [violation] = violations ?? [];
  const kind = BY_TYPE[type ?? ''] ?? BY_CODE[String(code)] ?? kindByMessage(message);
  if (kind === null) return error;
  const told = violation?.actualState ?? actualVersion ?? actualState;
  return new DriverFailure(told === TOMBSTONED ? 'tombstoned' : kind, message, {
    cause: error,
    // A negative number is none, in the words of some servers.
    actual: typeof told === 'bigint' && told >= 0n ? told : 'no-stream',
    stream: violation?.streamName ?? streamName ?? stream ?? null,
  });
}

function kindByMessage(message: string): FailureKind | null {
  if (CONNECTION_BROKE.test(message)) return 'lost';
  return NOT_BEGUN.test(message) ? 'unreached' : null;
}
