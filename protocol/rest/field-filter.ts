/** From a filter in SCIM's grammar to the read store's tree, over the fields that a collection declares. */

import type { Field, Filter, Scalar } from '../../infra/read-store/read-store.ts';
import { parseFilter } from '../scim/filter/parse.ts';
import { STORE_OPERATORS } from '../scim/filter/store-operators.ts';
import type { FilterNode, Literal, Operator } from '../scim/filter/syntax.ts';

/** What a caller may name, and where it stands in the documents; null: known, and no document has it. */
export type SearchableFields = ReadonlyMap<string, Pick<Field, 'path' | 'kind'> | null>;

export interface FilterRules {
  readonly fields: SearchableFields;
  readonly operators: ReadonlySet<Operator>;
  /** `not` and `pr` too, beside `and` and `or`. */
  readonly full: boolean;
}

/** Why a filter is refused. A door maps it to its own 400. */
export class FilterRefused extends Error {
  readonly reason: 'unknown-field' | 'operator' | 'value' | 'form';

  constructor(reason: FilterRefused['reason'], message: string) {
    super(message);
    this.name = 'FilterRefused';
    this.reason = reason;
  }
}

/** Throws {@link FilterRefused}, or the grammar's own error. */
export const fieldFilter = (text: string, rules: FilterRules): Filter => compile(parseFilter(text), rules);

function compile(node: FilterNode, rules: FilterRules): Filter {
  switch (node.kind) {
    case 'and':
    case 'or':
      return { op: node.kind, filters: node.parts.map((part) => compile(part, rules)) };
    case 'compare':
      return comparison(fieldOf(node.path, rules), node.operator, node.value, rules);
    case 'not':
      if (rules.full) return { op: 'not', filter: compile(node.inner, rules) };
      throw new FilterRefused('operator', 'The operator not is not supported here.');
    case 'present':
      if (rules.full) return present(fieldOf(node.path, rules), rules);
      throw new FilterRefused('operator', 'The operator pr is not supported here.');
    case 'value-path':
      throw new FilterRefused('form', 'Value paths in brackets are not supported here.');
    default:
      return node satisfies never;
  }
}

type Place = Pick<Field, 'path' | 'kind'> | null;

function fieldOf(name: string, { fields }: FilterRules): Place {
  const lower = name.toLowerCase();
  for (const [known, field] of fields) if (known.toLowerCase() === lower) return field;
  throw new FilterRefused('unknown-field', `The attribute ${JSON.stringify(name)} cannot be searched.`);
}

const TEXT_OPERATORS: ReadonlySet<Operator> = new Set(['co', 'sw', 'ew']);

/** Holds for no document. */
function nothing({ fields }: FilterRules): Filter {
  for (const field of fields.values()) if (field !== null) return { op: 'in', path: field.path, values: [] };
  throw new TypeError('a filter needs one searchable field');
}

const present = (field: Place, rules: FilterRules): Filter =>
  field === null ? nothing(rules) : { op: 'present', path: field.path };

function comparison(field: Place, operator: Operator, literal: Literal, rules: FilterRules): Filter {
  if (!rules.operators.has(operator)) {
    throw new FilterRefused('operator', `The operator ${operator} is not supported here.`);
  }
  if (field === null) return nothing(rules);
  const { path } = field;
  if (TEXT_OPERATORS.has(operator) && field.kind !== 'text') {
    throw new FilterRefused('operator', `The operator ${operator} does not go with ${path}.`);
  }
  const op = STORE_OPERATORS[operator];
  if (op === 'contains' || op === 'prefix' || op === 'suffix') return { op, path, value: literal.text };
  return { op, path, value: scalarOf(field, literal) };
}

function scalarOf({ kind, path }: Pick<Field, 'path' | 'kind'>, { text }: Literal): Scalar {
  const value = typed(kind, text);
  if (value === null) throw new FilterRefused('value', `${JSON.stringify(text.slice(0, 100))} is no value of ${path}.`);
  return value;
}

function typed(kind: Field['kind'], text: string): Scalar | null {
  switch (kind) {
    case 'text':
      return text.isWellFormed() ? text : null;
    case 'number':
      return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : null;
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : null;
    case 'instant':
      return /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : null;
    default:
      return kind satisfies never;
  }
}
