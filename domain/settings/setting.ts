/** One switch or value that an organization may set: what it may be, what it is when nobody set it, how it is called. */

export const SETTING_CHARACTERS_MAX = 2_000;

export interface Setting {
  /** As published; case matters. */
  readonly name: string;
  readonly kind: 'flag' | 'whole' | 'text';
  readonly fallback: string;
  readonly displayName: string;
  readonly description: string;
  /** Of a whole number, inclusive. */
  readonly min?: number;
  readonly max?: number;
  /** Of a text. */
  readonly form?: RegExp;
}

export interface Connector {
  readonly name: string;
  readonly friendlyName: string;
  readonly category: string;
  readonly settings: readonly Setting[];
}

/** `Enable=false`: its own name without the connector's prefix. */
export const flag = (name: string, fallback: boolean, displayName: string, description = displayName): Setting => ({
  name,
  kind: 'flag',
  fallback: String(fallback),
  displayName,
  description,
});

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

const WHOLE_MAX = 1_000_000;

export const whole = (
  name: string,
  fallback: number,
  displayName: string,
  { min = 0, max = WHOLE_MAX }: Bounds = {},
): Setting => ({ name, kind: 'whole', fallback: String(fallback), displayName, description: displayName, min, max });

export const text = (name: string, fallback: string, displayName: string, description = displayName): Setting => ({
  name,
  kind: 'text',
  fallback,
  displayName,
  description,
});

/** Minutes that something is good for; -1 is for ever. */
export const minutes = (name: string, fallback: number, displayName: string): Setting =>
  whole(name, fallback, displayName, { min: -1 });

/** Which characters a code is made of, and how many. */
export const codeSettings = (prefix: string): readonly Setting[] => [
  flag(`${prefix}.UseUppercaseCharactersInOTP`, true, 'Capital letters in codes'),
  flag(`${prefix}.UseLowercaseCharactersInOTP`, true, 'Small letters in codes'),
  flag(`${prefix}.UseNumbersInOTP`, true, 'Digits in codes'),
  whole(`${prefix}.OTPLength`, 6, 'Characters of a code', { min: 4, max: 10 }),
];

const ANY = /(?:)/;

/** Whether a value may stand for the setting. */
export function isValueOf({ kind, min = 0, max = WHOLE_MAX, form = ANY }: Setting, value: string): boolean {
  switch (kind) {
    case 'flag':
      return value === 'true' || value === 'false';
    case 'whole':
      return /^-?\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max;
    case 'text':
      return (
        value.length <= SETTING_CHARACTERS_MAX && form.test(value) && !/\p{Cc}/u.test(value) && value.isWellFormed()
      );
    default:
      return kind satisfies never;
  }
}
