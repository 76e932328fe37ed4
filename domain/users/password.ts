/** What a password must be before it is hashed. */

export const PASSWORD_CHARACTERS_MIN = 8;
export const PASSWORD_BYTES_MAX = 1024;

export type PasswordRefusal =
  | { readonly reason: 'password-too-short'; readonly charactersMin: number }
  | { readonly reason: 'password-too-long'; readonly bytesMax: number };

export function passwordRefusal(password: string): PasswordRefusal | null {
  if ([...password].length < PASSWORD_CHARACTERS_MIN) {
    return { reason: 'password-too-short', charactersMin: PASSWORD_CHARACTERS_MIN };
  }
  if (new TextEncoder().encode(password).length > PASSWORD_BYTES_MAX) {
    return { reason: 'password-too-long', bytesMax: PASSWORD_BYTES_MAX };
  }
  return null;
}
