/** GET /api/history/{entity}/{id}: every change of one entity, with before and after. */
import type { Kernel } from '../../commands/kernel.ts';
import { encodePosition } from '../../infra/event-store/position.ts';
import { entities, isEntityId } from '../../read-api/entities.ts';
import { HISTORY_PAGE_MAX, type HistoryEntry, historyOf } from '../../read-api/history.ts';
import { isVisibleTo } from '../../read-api/visibility.ts';
import type { Request, Response, Route } from '../http/route.ts';
import { callerOf } from '../rest/request-input.ts';
import { answering, Problem, problems } from './problem.ts';
import { knownParameters, wholeNumber } from './query-input.ts';

export const AUDIT = { kind: 'scopes', scopes: ['internal_audit_view'] } as const;
const LIMIT_DEFAULT = 50;
const PARAMETERS = new Set(['after', 'limit', 'minPosition']);

export const historyRoutes = (deps: { readonly kernel: Kernel }): readonly Route[] => [
  {
    method: 'GET',
    path: '/api/history/:entity/:id',
    access: AUDIT,
    body: 'none',
    errors: problems,
    summary: 'Who changed what of one entity, from what to what, when and why.',
    handle: answering((request) => readHistory(deps.kernel, request)),
  },
];

async function readHistory(kernel: Kernel, request: Request): Promise<Response> {
  const { query, params } = request;
  knownParameters(query, PARAMETERS);
  const { entity = '', id = '' } = params;
  const aggregate = entities.get(entity);
  if (aggregate === undefined || !isEntityId(id)) throw notFound();
  const limit = wholeNumber(query, { name: 'limit', absent: LIMIT_DEFAULT, min: 1, max: HISTORY_PAGE_MAX });
  const history = await historyOf(kernel, { aggregate, id, after: revisionIn(query), limit });
  if (history === null || !isVisibleTo(callerOf(request), history.home, aggregate.category)) throw notFound();
  const { entries, next } = history;
  return {
    status: 200,
    body: { entity, id, entries: entries.map(entryBody), next: next === null ? null : String(next) },
  };
}

const notFound = (): Problem => new Problem(404, 'not-found', 'There is no such entity.');

function revisionIn(query: URLSearchParams): bigint | null {
  const text = query.get('after');
  if (text === null) return null;
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new Problem(400, 'parameter-invalid', 'The parameter after must be a revision.');
}

const entryBody = (entry: HistoryEntry): object => ({
  ...entry,
  revision: String(entry.revision),
  position: encodePosition(entry.position),
});
