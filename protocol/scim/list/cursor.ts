/** Cursors of SCIM lists (RFC 9865): the edge of a page with the side that is meant, sealed, and good for a time. */
import type { PageKey } from '../../../infra/read-store/read-store.ts';
import type { CursorScope, CursorSeal } from '../../../read-api/cursor.ts';
import { ScimError } from '../scim-error.ts';

/** Seconds that a cursor is good for; announced as `pagination.cursorTimeout`. */
export const CURSOR_LIVES_S = 3_600;

/** Where a page begins or ends. */
export type Edge = { readonly after: PageKey } | { readonly before: PageKey };

export interface Cursors {
  readonly seal: CursorSeal;
  readonly scope: CursorScope;
  readonly nowMs: number;
}

const SEALED = /^([ab])(\d{1,15})\.(.*)$/s;

/** Side and end of life stand before the id of the row, inside the seal. */
export async function cursorAt({ seal, scope, nowMs }: Cursors, edge: Edge): Promise<string> {
  const isAfter = 'after' in edge;
  const { value, id } = isAfter ? edge.after : edge.before;
  const endsAtS = Math.floor(nowMs / 1_000) + CURSOR_LIVES_S;
  return await seal.seal(scope, { value, id: `${isAfter ? 'a' : 'b'}${endsAtS}.${id}` });
}

export async function edgeAt({ seal, scope, nowMs }: Cursors, cursor: string): Promise<Edge> {
  const opened = await seal.open(scope, cursor);
  const match = opened === null ? null : SEALED.exec(opened.id);
  if (opened === null || match === null) {
    throw new ScimError(400, 'invalidCursor', 'The cursor was not given out for this list, filter and order.');
  }
  const [, side, endsAtS, id = ''] = match;
  if (Number(endsAtS) * 1_000 < nowMs) {
    throw new ScimError(400, 'expiredCursor', `The cursor is older than ${CURSOR_LIVES_S} seconds. Begin again.`);
  }
  const key = { value: opened.value, id };
  return side === 'a' ? { after: key } : { before: key };
}
