/** What a user may write of himself: everything that describes him, nothing that says what he is allowed or proven to be. */
import { ACCOUNT, ENTERPRISE_USER, isAttributePath } from './attribute-catalogue.ts';
import type { Attributes, CheckedAttributes } from './user-events.ts';

const account = (name: string): string => `${ACCOUNT}:${name}`;
const EMAIL_VERIFIED = account('emailVerified');
const PHONE_VERIFIED = account('phoneVerified');

/** Set by administrators, provisioning or the server alone. */
const ADMINISTERED: ReadonlySet<string> = new Set([
  'externalId',
  'userType',
  'entitlements',
  'x509Certificates',
  `${ENTERPRISE_USER}:employeeNumber`,
  `${ENTERPRISE_USER}:costCenter`,
  `${ENTERPRISE_USER}:organization`,
  `${ENTERPRISE_USER}:division`,
  `${ENTERPRISE_USER}:department`,
  `${ENTERPRISE_USER}:manager.value`,
  `${ENTERPRISE_USER}:manager.$ref`,
  `${ENTERPRISE_USER}:manager.displayName`,
  ...[EMAIL_VERIFIED, PHONE_VERIFIED],
  ...['isLiteUser', 'emailOTPDisabled', 'smsOTPDisabled', 'userSourceId'].map(account),
]);

export const isOwnPath = (path: string): boolean => isAttributePath(path) && !ADMINISTERED.has(path);

/** A mark of having been verified, and the addresses that it speaks of. */
const PROOFS: readonly { readonly proof: string; readonly of: readonly string[] }[] = [
  { proof: EMAIL_VERIFIED, of: ['emails', account('emailAddresses')] },
  { proof: PHONE_VERIFIED, of: ['phoneNumbers', account('mobileNumbers')] },
];

/** A verified mark does not pass over to an address that the user has just written. */
export function lapsedProofs(before: Attributes, changed: Iterable<string>): CheckedAttributes {
  const paths = new Set(changed);
  const lapsed = PROOFS.filter(({ proof, of }) => before[proof] === true && of.some((path) => paths.has(path)));
  // Marks of the server's own, of the type that their definitions have.
  const marks: Attributes = Object.fromEntries(lapsed.map(({ proof }) => [proof, false]));
  return marks as CheckedAttributes;
}
