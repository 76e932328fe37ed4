/** Whether one value of a list satisfies the filter of a value path; compares as the read store does. */
import type { Json } from '../../../domain/json.ts';
import { foldText } from '../../../domain/text.ts';
import { subAttributeIn } from '../../../domain/users/attribute-catalogue.ts';
import type { AttributeDefinition } from '../../../domain/users/attribute-definition.ts';
import { instantOfText } from '../date-time.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { asNumber, comparable, isNull } from './comparison.ts';
import type { FilterNode, Literal, Operator } from './syntax.ts';

export function matches(node: FilterNode, definition: AttributeDefinition, element: Json): boolean {
  switch (node.kind) {
    case 'and':
      return node.parts.every((part) => matches(part, definition, element));
    case 'or':
      return node.parts.some((part) => matches(part, definition, element));
    case 'not':
      return !matches(node.inner, definition, element);
    case 'present':
      return partOf(node, definition, element).value !== undefined;
    case 'compare': {
      const { leaf, value } = partOf(node, definition, element);
      return holds({ leaf, value, operator: node.operator, literal: node.value });
    }
    case 'value-path':
      throw new ScimError(400, 'invalidPath', 'A value of a list has no list of its own.');
    default:
      return node satisfies never;
  }
}

interface Part {
  readonly leaf: AttributeDefinition;
  readonly value: Json | undefined;
}

function partOf(node: { readonly path: string }, definition: AttributeDefinition, element: Json): Part {
  const isObject = typeof element === 'object' && element !== null && !Array.isArray(element);
  if (!isObject && node.path.toLowerCase() === 'value' && definition.type !== 'complex') {
    return { leaf: definition, value: element };
  }
  const leaf = subAttributeIn(definition, node.path);
  if (leaf === null) throw new ScimError(400, 'invalidPath', `${quoted(node.path)} is no part of ${definition.name}.`);
  const value =
    isObject && Object.hasOwn(element, leaf.name) ? (element as { [key: string]: Json })[leaf.name] : undefined;
  return { leaf, value };
}

interface Comparison extends Part {
  readonly operator: Operator;
  readonly literal: Literal;
}

function holds({ leaf, value, operator, literal }: Comparison): boolean {
  if (isNull(literal)) return (value === undefined) === (operator === 'eq');
  const wanted = comparable(leaf, operator, literal);
  if (value === undefined || value === null) return operator === 'ne';
  const number = leaf.type === 'open' && typeof value === 'number' ? asNumber(literal) : null;
  return compare(operator, sortable(leaf, value), sortable(leaf, number ?? wanted));
}

type Sortable = string | number | boolean;

function sortable(leaf: AttributeDefinition, value: Json): Sortable {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean' && leaf.type === 'boolean') return value;
  const text = String(value);
  if (leaf.type === 'dateTime') return instantOfText(text) ?? text;
  return leaf.caseExact ? text : foldText(text);
}

export function compare(operator: Operator, value: Sortable, wanted: Sortable): boolean {
  switch (operator) {
    case 'eq':
      return value === wanted;
    case 'ne':
      return value !== wanted;
    case 'co':
      return String(value).includes(String(wanted));
    case 'sw':
      return String(value).startsWith(String(wanted));
    case 'ew':
      return String(value).endsWith(String(wanted));
    case 'gt':
      return typeof value === typeof wanted && value > wanted;
    case 'ge':
      return typeof value === typeof wanted && value >= wanted;
    case 'lt':
      return typeof value === typeof wanted && value < wanted;
    case 'le':
      return typeof value === typeof wanted && value <= wanted;
    default:
      return operator satisfies never;
  }
}
