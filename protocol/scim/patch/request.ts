/** Reads the body of PATCH (RFC 7644 §3.5.2). */
import type { Json } from '../../../domain/json.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { isMap } from '../users/values.ts';
import { type PatchPath, parsePatchPath } from './path.ts';

export const OPERATIONS_MAX = 100;

export interface Operation {
  readonly op: 'add' | 'remove' | 'replace';
  /** Null: the user itself. */
  readonly path: PatchPath | null;
  /** Undefined where none was given. */
  readonly value: Json | undefined;
}

const OPS: readonly string[] = ['add', 'remove', 'replace'];

export function readOperations(body: unknown): readonly Operation[] {
  const list = isMap(body) ? memberOf(body, 'operations') : undefined;
  if (!Array.isArray(list) || list.length === 0) {
    throw new ScimError(400, 'invalidSyntax', 'A patch has a list "Operations" with at least one operation.');
  }
  if (list.length > OPERATIONS_MAX) {
    throw new ScimError(400, 'invalidValue', `A patch has at most ${OPERATIONS_MAX} operations.`);
  }
  return list.map((given: Json) => readOperation(given));
}

function readOperation(given: Json): Operation {
  if (!isMap(given)) throw new ScimError(400, 'invalidSyntax', 'An operation is an object.');
  const op = memberOf(given, 'op');
  const lower = typeof op === 'string' ? op.toLowerCase() : '';
  if (!OPS.includes(lower)) {
    throw new ScimError(
      400,
      'invalidSyntax',
      `The op of an operation is add, remove or replace, not ${quoted(String(op))}.`,
    );
  }
  const path = memberOf(given, 'path') ?? null;
  if (path !== null && typeof path !== 'string') throw new ScimError(400, 'invalidPath', 'A path is a text.');
  const isWhole = path === null || path.trim() === '';
  return {
    op: lower as Operation['op'],
    path: isWhole ? null : parsePatchPath(path),
    value: memberOf(given, 'value'),
  };
}

/** Names of members are without regard to case (RFC 7643 §2.1). */
export function memberOf(map: { readonly [key: string]: Json }, name: string): Json | undefined {
  return Object.entries(map).find(([key]) => key.toLowerCase() === name)?.[1];
}
