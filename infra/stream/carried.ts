/** Which events leave the log, and under which name. */
import type { RecordedEvent } from '../event-store/event-store.ts';

/** Snapshots, jobs and blind indexes of unique values are the house's own. */
const KEPT_AT_HOME: ReadonlySet<string> = new Set(['snap', 'job', 'unq', 'delivery', 'hookattempt']);

/** By stream category, and so one topic per stream: its order would be lost between two. Others go by their category. */
const SUBJECTS: ReadonlyMap<string, string> = new Map([
  ['user', 'identity.user'],
  ['org', 'org.organization'],
  ['role', 'access.role'],
  ['app', 'application.application'],
  ['consent', 'consent.consent'],
  ['key', 'keys.signing_key'],
  ['login', 'session.login'],
  ['token', 'oauth.token'],
  ['consumer', 'operations.consumer'],
]);

export const categoryOf = (stream: string): string => stream.slice(0, stream.indexOf('-'));

export const topicOf = (prefix: string, category: string): string => `${prefix}.${SUBJECTS.get(category) ?? category}`;

const VERSION = /\.v[1-9][0-9]*$/;

/**
 * Only types of the catalogue leave, in whatever version: of any other nobody knows what it holds. `types` are the
 * catalogue's.
 */
export function carriedTypes(types: Iterable<string>): (event: RecordedEvent) => boolean {
  const families = new Set([...types].map((type) => type.replace(VERSION, '')));
  return ({ type, stream }) => families.has(type.replace(VERSION, '')) && !KEPT_AT_HOME.has(categoryOf(stream));
}
