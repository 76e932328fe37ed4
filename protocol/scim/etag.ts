/** Versions of resources: `meta.version`, ETag and the two conditions on it (RFC 7644 §3.14, RFC 9110 §13.1). */
import type { Request } from '../http/route.ts';
import { ScimError } from './scim-error.ts';

/** Weak: what other resources add to this one (its groups) does not move it. */
export const etagOf = (version: string | bigint): string => `W/"${version}"`;

type Conditional = Pick<Request, 'headers'>;

/** 304 instead of the resource. */
export const isKnown = ({ headers }: Conditional, etag: string): boolean => {
  const known = headers['if-none-match'];
  return known !== undefined && names(known, etag);
};

/** Before a write: the client has seen this version, if it says which it has seen. */
export function requireCondition({ headers }: Conditional, etag: string): void {
  const wanted = headers['if-match'];
  const unwanted = headers['if-none-match'];
  const holds = (wanted === undefined || names(wanted, etag)) && (unwanted === undefined || !names(unwanted, etag));
  if (!holds) throw new ScimError(412, null, 'The resource has another version than the request asks for.');
}

/** SCIM compares weakly, also for If-Match: its own examples send weak tags there. */
function names(header: string, etag: string): boolean {
  if (header.trim() === '*') return true;
  const opaque = withoutWeakness(etag);
  return header.split(',').some((tag) => withoutWeakness(tag.trim()) === opaque);
}

const withoutWeakness = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag);
