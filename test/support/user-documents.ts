/** Documents of about one kilobyte, shaped like users, the same for the same number. */
import type { Collection, Document } from '../../infra/read-store/read-store.ts';

export const userCollection: Collection = {
  name: 'users',
  fields: [
    { path: 'userName', kind: 'text', contains: true },
    { path: 'active', kind: 'boolean' },
    { path: 'displayName', kind: 'text', contains: true },
    { path: 'name.givenName', kind: 'text' },
    { path: 'name.familyName', kind: 'text' },
    { path: 'externalId', kind: 'text', caseExact: true },
    { path: 'title', kind: 'text' },
    { path: 'locale', kind: 'text' },
    { path: 'timezone', kind: 'text' },
    { path: 'employee.number', kind: 'text', caseExact: true },
    { path: 'employee.department', kind: 'text' },
    { path: 'loginCount', kind: 'number' },
    { path: 'meta.created', kind: 'instant' },
    { path: 'meta.lastModified', kind: 'instant' },
    { path: 'state', kind: 'text', caseExact: true },
    { path: 'emails.value', kind: 'text', many: true, contains: true },
    { path: 'emails.type', kind: 'text', many: true },
    { path: 'emails.primary', kind: 'boolean', many: true },
    { path: 'phoneNumbers.value', kind: 'text', many: true },
  ],
  dynamic: { path: 'custom' },
};

const given = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Alan', 'Hedy', 'Niklaus', 'Radia'];
const family = ['Lovelace', 'Hopper', 'Dijkstra', 'Liskov', 'Knuth', 'Allen', 'Turing', 'Lamarr', 'Wirth', 'Perlman'];

export function userDocument(number: number, scope = { tenant: 'tenant-1', org: 'org-1' }): Document {
  const digits = String(number).padStart(7, '0');
  // Spread over the key space as random identifiers are.
  const scattered = ((number * 2_654_435_761) % 4_294_967_296).toString(16).padStart(8, '0');
  const first = given[number % given.length] ?? '';
  const last = family[Math.floor(number / 10) % family.length] ?? '';
  const seconds = String(number % 60).padStart(2, '0');
  return {
    // In order of time, as UUIDv7 is.
    id: `019a${digits.slice(0, 4)}-${digits.slice(3)}-7000-8000-0000${scattered}`,
    ...scope,
    userName: `user${digits}`,
    active: number % 97 !== 0,
    displayName: `${first} ${last} ${number}`,
    name: { givenName: first, familyName: last, formatted: `${first} ${last}` },
    externalId: `EXT-${scattered}`,
    title: `Engineer of grade ${number % 12}`,
    locale: number % 3 === 0 ? 'de-DE' : 'en-GB',
    timezone: 'Europe/Berlin',
    employee: { number: `E${digits}`, department: `Department ${number % 40}`, costCentre: `CC-${number % 400}` },
    loginCount: number % 1000,
    meta: { created: `2026-01-01T00:00:${seconds}.000Z`, lastModified: `2026-02-01T00:00:${seconds}.000Z` },
    state: 'UNLOCKED',
    emails: [
      { value: `user${digits}@example.com`, type: 'work', primary: true },
      { value: `${first}.${last}.${number}@home.example`.toLowerCase(), type: 'home', primary: false },
    ],
    phoneNumbers: [{ value: `+49 30 ${digits}`, type: 'work' }],
    notes: `An account that was made for a measurement, number ${number}. `.repeat(4),
  };
}
