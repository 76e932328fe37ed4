/**
 * The port to a list of breached passwords, asked by k-anonymity: the first five hexadecimal digits of the password's
 * SHA-1 go out, and the answer is every suffix of that range.
 */
export interface BreachedPasswords {
  /** `unknown`: the list could not be asked in time, or answered something else; the operator's rule decides then. */
  find(password: string): Promise<'breached' | 'clean' | 'unknown'>;
  /** What `unknown` means for a password that is to be set. */
  readonly whenUnknown: 'refuse' | 'accept';
}
