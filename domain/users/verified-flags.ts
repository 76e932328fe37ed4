/** That an address is verified, nobody says of himself: an administrator does, or the code that was sent there. */
import { ACCOUNT } from './attribute-catalogue.ts';
import type { Attributes } from './user-events.ts';

const VERIFIED_FLAGS: ReadonlySet<string> = new Set(
  ['emailVerified', 'phoneVerified', 'verifiedEmailAddresses', 'verifiedMobileNumbers'].map(
    (name) => `${ACCOUNT}:${name}`,
  ),
);

interface Given {
  readonly set?: Attributes;
  readonly unset?: readonly string[];
}

/** What a user asks of his own flags is passed over, as if it had not been asked. */
export function withoutVerifiedFlags<Change extends Given>(change: Change): Change {
  const { set = {}, unset = [] } = change;
  const isGiven =
    Object.keys(set).some((path) => VERIFIED_FLAGS.has(path)) || unset.some((path) => VERIFIED_FLAGS.has(path));
  if (!isGiven) return change;
  const kept = Object.entries(set).filter(([path]) => !VERIFIED_FLAGS.has(path));
  return { ...change, set: Object.fromEntries(kept), unset: unset.filter((path) => !VERIFIED_FLAGS.has(path)) };
}
