/** How long a password lasts: by the first rule that fits the user, else by the organization's number of days. */
import { type EffectiveSettings, isOn, wholeOf } from '../settings/effective-settings.ts';
import type { User } from './user.ts';

const DAY_MS = 24 * 3_600_000;

interface ExpiryRule {
  readonly priority: number;
  /** 0: for ever. */
  readonly days: number;
  /** `eq`: holds every one of the roles; `ne`: does not. */
  readonly operator: 'eq' | 'ne';
  readonly roles: readonly string[];
}

/** `1,90,roles,eq,<id>,<id>;2,0,roles,ne,<id>`: the form is checked where the setting is made. */
function rulesIn(text: string): readonly ExpiryRule[] {
  if (text === '') return [];
  return text
    .split(';')
    .map((part): ExpiryRule => {
      const [priority, days, , operator, ...roles] = part.split(',');
      return { priority: Number(priority), days: Number(days), operator: operator === 'ne' ? 'ne' : 'eq', roles };
    })
    .sort((a, b) => a.priority - b.priority);
}

/** Epoch milliseconds; null: it does not expire, or there is none. */
export function passwordExpiresAtMs(
  user: Pick<User, 'passwordSetAt' | 'roles'>,
  settings: EffectiveSettings,
): number | null {
  if (user.passwordSetAt === null || !isOn(settings, 'passwordExpiry.enablePasswordExpiry')) return null;
  const fitting = rulesIn(settings.value('passwordExpiry.rules').value).find(
    ({ operator, roles }) => roles.every((role) => user.roles.has(role)) === (operator === 'eq'),
  );
  const days = fitting?.days ?? wholeOf(settings, 'passwordExpiry.passwordExpiryInDays');
  return days === 0 ? null : Date.parse(user.passwordSetAt) + days * DAY_MS;
}

export function isPasswordExpired(
  user: Pick<User, 'passwordSetAt' | 'roles'>,
  settings: EffectiveSettings,
  nowMs: number,
): boolean {
  const expiresAtMs = passwordExpiresAtMs(user, settings);
  return expiresAtMs !== null && expiresAtMs <= nowMs;
}
