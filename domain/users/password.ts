/** What a password must be before it is hashed. */
import { brokenRule, type FieldRules } from '../settings/validation-rules.ts';

/** Whatever the rules say: more is never hashed. */
export const PASSWORD_BYTES_MAX = 1024;

export type PasswordRefusal =
  | { readonly reason: 'password-too-long'; readonly bytesMax: number }
  /** `sentence` says what is wrong, never what the password is. */
  | { readonly reason: 'password-breaks-rule'; readonly validator: string; readonly sentence: string }
  /** One of the last `count` passwords. */
  | { readonly reason: 'password-used-before'; readonly count: number }
  | { readonly reason: 'password-breached' }
  /** The list of breached passwords cannot be asked now, and the server is set to refuse then. */
  | { readonly reason: 'password-unchecked' };

export function passwordRefusal(password: string, rules: FieldRules): PasswordRefusal | null {
  if (password.length > PASSWORD_BYTES_MAX || new TextEncoder().encode(password).length > PASSWORD_BYTES_MAX) {
    return { reason: 'password-too-long', bytesMax: PASSWORD_BYTES_MAX };
  }
  if (password === '' || !password.isWellFormed()) {
    return { reason: 'password-breaks-rule', validator: 'TextValidator', sentence: 'It is no text.' };
  }
  const broken = brokenRule(rules, password);
  return broken === null ? null : { reason: 'password-breaks-rule', ...broken };
}

const REASONS: ReadonlySet<string> = new Set<PasswordRefusal['reason']>([
  'password-too-long',
  'password-breaks-rule',
  'password-used-before',
  'password-breached',
  'password-unchecked',
]);

export const isPasswordRefusal = (refusal: { readonly reason: string }): refusal is PasswordRefusal =>
  REASONS.has(refusal.reason);

/** For whoever chose it. 22001 is the published code of a password that was used before. */
export function passwordSentence(refusal: PasswordRefusal): string {
  switch (refusal.reason) {
    case 'password-too-long':
      return `A password has at most ${refusal.bytesMax} bytes.`;
    case 'password-breaks-rule':
      return `The password does not meet the rules. ${refusal.sentence}`;
    case 'password-used-before':
      return `22001 - The password is one of the last ${refusal.count}. Choose another.`;
    case 'password-breached':
      return 'The password stands in a list of breached passwords. Choose another.';
    case 'password-unchecked':
      return 'The password cannot be checked at the moment. Try again later.';
    default:
      return refusal satisfies never;
  }
}
