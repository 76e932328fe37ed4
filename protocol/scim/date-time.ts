/** Times and days as SCIM writes them (RFC 7643 §2.3.5). */
import { isDay } from '../../domain/users/calendar.ts';

const DATE_TIME = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i;

/** In UTC with milliseconds; without an offset it is UTC. Null for what is no time. */
export function instantOfText(text: string): string | null {
  const match = DATE_TIME.exec(text.trim());
  if (match === null) return null;
  const [, day = '', time = '00:00', offset = 'Z'] = match;
  if (!isDay(day)) return null;
  const ms = Date.parse(`${day}T${time}${offset.toUpperCase()}`);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
