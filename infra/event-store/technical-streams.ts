import { InvalidArgument } from './errors.ts';
import type { Retention, StreamName } from './event-store.ts';

/** Categories whose events may be hidden by age or count. Everything else is the permanent record. */
export const TECHNICAL_CATEGORIES: ReadonlySet<string> = new Set([
  'snap',
  'job',
  'hookattempt',
  'session',
  'token',
  'login',
  'delivery',
]);

const SECONDS_MAX = 100 * 366 * 24 * 3_600;

const isWhole = (value: number, max: number): boolean => Number.isInteger(value) && value >= 1 && value <= max;

/** Throws {@link InvalidArgument} for a stream of the permanent record or a retention that cannot be meant. */
export function checkRetention(stream: StreamName, retention: Retention): void {
  const { maxCount = 1, maxAgeSeconds = 1, truncateBefore = 0n } = retention;
  const category = stream.slice(0, stream.indexOf('-'));
  if (!TECHNICAL_CATEGORIES.has(category))
    throw new InvalidArgument(`stream ${stream} is permanent: it takes no retention`);
  if (!isWhole(maxCount, Number.MAX_SAFE_INTEGER)) throw new InvalidArgument('maxCount must be a whole number from 1');
  if (!isWhole(maxAgeSeconds, SECONDS_MAX)) throw new InvalidArgument('maxAgeSeconds must be a whole number from 1');
  if (truncateBefore < 0n || truncateBefore > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new InvalidArgument('truncateBefore must be a revision');
  }
}
