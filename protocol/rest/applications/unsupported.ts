/** Members of the contract that ask for something the server does not do: refused with a reason, never kept in silence. */
import { RestError, type WireError } from '../rest-error.ts';

/** What a member may be without asking for anything: absent, or one of these. */
export interface Unsupported {
  readonly path: readonly string[];
  readonly harmless: readonly (string | number | boolean)[];
  readonly error: WireError;
  readonly reason: string;
}

const off = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

export function refuseUnsupported(body: object, table: readonly Unsupported[]): void {
  for (const { path, harmless, error, reason } of table) {
    const value = valueAt(body, path);
    if (off(value) || harmless.some((allowed) => allowed === value)) continue;
    throw new RestError(error, `${path.join('.')}: ${reason}`);
  }
}

function valueAt(body: object, path: readonly string[]): unknown {
  let value: unknown = body;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
