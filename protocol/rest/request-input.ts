/** From a request to checked input: bodies by schema, numbers of a page, and how a command is sent. */
import type { z } from 'zod';
import type { Caller } from '../../commands/caller.ts';
import type { Envelope } from '../../commands/command.ts';
import type { ReadScope } from '../../read-api/documents.ts';
import type { Request } from '../http/route.ts';
import { invalidRequest, RestError, type WireError } from './rest-error.ts';

const ISSUES_MAX = 20;

/** A body that does not fit its schema is answered before anything else is looked at. */
export function bodyOf<Output>(schema: z.ZodType<Output>, request: Pick<Request, 'body'>): Output {
  const parsed = schema.safeParse(request.body);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, ISSUES_MAX);
  const sentences = issues.map(({ path, message }) => `${path.length === 0 ? 'body' : path.join('.')}: ${message}`);
  throw new RestError(invalidRequest, sentences.join('; '));
}

/** The server lets nobody through to a route with scopes without a caller. */
export function callerOf({ caller, path }: Pick<Request, 'caller' | 'path'>): Caller {
  if (caller === null) throw new Error(`route ${path} was reached without a caller`);
  return caller;
}

export function envelopeOf(request: Request): Envelope {
  return {
    caller: callerOf(request),
    correlationId: request.correlationId,
    traceId: request.traceId,
    source: { ip: request.ip, userAgent: request.headers['user-agent'] ?? null },
  };
}

export function readScopeOf(request: Request): ReadScope {
  const { tenant, org } = callerOf(request);
  return { tenant, org, minPosition: request.minPosition };
}

export interface PageInput {
  readonly limit: number;
  readonly offset: number;
}

export interface PageRules {
  readonly limitDefault: number;
  readonly limitMin: number;
  readonly limitMax: number;
  readonly invalidLimit: WireError;
  readonly invalidOffset: WireError;
}

/** A larger limit is capped; none, or an empty one, is the default. */
export function pageInputOf({ query }: Pick<Request, 'query'>, rules: PageRules): PageInput {
  const limit = wholeNumber(query.get('limit'), rules.limitDefault);
  const offset = wholeNumber(query.get('offset'), 0);
  if (limit === null || limit < rules.limitMin) {
    throw new RestError(rules.invalidLimit, `The parameter limit must be a whole number, ${rules.limitMin} or above.`);
  }
  if (offset === null || offset < 0) {
    throw new RestError(rules.invalidOffset, 'The parameter offset must be a whole number, 0 or above.');
  }
  return { limit: Math.min(limit, rules.limitMax), offset };
}

const DIGITS_MAX = 9;

/** Null: no number. */
function wholeNumber(text: string | null, absent: number): number | null {
  if (text === null || text === '') return absent;
  return /^-?\d+$/.test(text) && text.length <= DIGITS_MAX ? Number(text) : null;
}

export interface Paged {
  readonly path: string;
  readonly page: PageInput;
  readonly total: number;
  readonly count: number;
}

/** Links to the pages beside this one; the query's other parameters stay. */
export function offsetLinks({ path, page, total, count }: Paged, query: URLSearchParams) {
  const { limit, offset } = page;
  const links: { href: string; rel: 'next' | 'previous' }[] = [];
  const to = (start: number): string => {
    const params = new URLSearchParams(query);
    params.set('offset', String(start));
    params.set('limit', String(limit));
    return `${path}?${params}`;
  };
  if (offset + count < total) links.push({ href: to(offset + count), rel: 'next' });
  if (offset > 0) links.push({ href: to(Math.max(0, offset - limit)), rel: 'previous' });
  return links;
}

/** Path of the tenant's management API, as it stands in links: `/t/abc.com/api/server/v1`, without prefix for the super organization. */
export const apiPath = ({ tenant }: Pick<Request, 'tenant'>): string =>
  `${tenant.isSuper ? '' : `/t/${tenant.domain}`}/api/server/v1`;

export const apiUrl = ({ tenant }: Pick<Request, 'tenant'>): string => `${tenant.baseUrl}/api/server/v1`;
