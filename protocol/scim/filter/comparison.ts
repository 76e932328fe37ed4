/** Which attribute compares with what, and how (RFC 7644 §3.4.2.2). */
import type { AttributeDefinition } from '../../../domain/users/attribute-definition.ts';
import { instantOfText } from '../date-time.ts';
import { quoted, ScimError } from '../scim-error.ts';
import type { Literal, Operator } from './syntax.ts';

type Scalar = string | number | boolean;

const TEXT_OPERATORS: ReadonlySet<Operator> = new Set(['co', 'sw', 'ew']);
const ORDER_OPERATORS: ReadonlySet<Operator> = new Set(['gt', 'ge', 'lt', 'le']);

export const isNull = (literal: Literal): boolean => !literal.isQuoted && literal.text.toLowerCase() === 'null';

/** The value in the attribute's own type. Text may stand without quotes; true, false and numbers may stand in them. */
export function comparable(definition: AttributeDefinition, operator: Operator, literal: Literal): Scalar {
  refuseOperator(definition, operator);
  const value = typedValue(definition, literal);
  if (value === null) {
    const what = `${quoted(literal.text)} is no value of ${definition.name}, which is of type ${definition.type}.`;
    throw new ScimError(400, 'invalidFilter', what);
  }
  return value;
}

function refuseOperator(definition: AttributeDefinition, operator: Operator): void {
  const isText = definition.type === 'string' || definition.type === 'reference' || definition.type === 'open';
  const isNumber = definition.type === 'integer' || definition.type === 'decimal';
  const isOrdered = isText || isNumber || definition.type === 'dateTime';
  if ((isText || !TEXT_OPERATORS.has(operator)) && (isOrdered || !ORDER_OPERATORS.has(operator))) return;
  const what = `The operator ${operator} does not go with ${definition.name}, which is of type ${definition.type}.`;
  throw new ScimError(400, 'invalidFilter', what);
}

const NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/;

function typedValue(definition: AttributeDefinition, { text }: Literal): Scalar | null {
  switch (definition.type) {
    case 'boolean': {
      const lower = text.toLowerCase();
      return lower === 'true' || lower === 'false' ? lower === 'true' : null;
    }
    case 'integer':
    case 'decimal':
      return NUMBER.test(text) ? Number(text) : null;
    case 'dateTime':
      return instantOfText(text);
    case 'complex':
      return null;
    case 'string':
    case 'reference':
    case 'binary':
    case 'open':
      return text.isWellFormed() ? text : null;
    default:
      return definition.type satisfies never;
  }
}

/** A word that may be meant as a number, where the attribute's type is not known. */
export const asNumber = (literal: Literal): number | null =>
  !literal.isQuoted && NUMBER.test(literal.text) ? Number(literal.text) : null;
