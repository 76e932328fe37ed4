/** Reads a path of PATCH: attribute, sub-attribute, value path with a part behind it, or a schema (RFC 7644 §3.5.2). */
import {
  type AttributePlace,
  attributeAt,
  schemaOf,
  subAttributeIn,
} from '../../../domain/users/attribute-catalogue.ts';
import type { AttributeDefinition, SchemaDefinition } from '../../../domain/users/attribute-definition.ts';
import { bracketed, readerOf } from '../filter/parse.ts';
import { FILTER_CHARACTERS_MAX, type FilterNode } from '../filter/syntax.ts';
import { quoted, ScimError } from '../scim-error.ts';

/** Comparisons in the filter of one path: each is made with each value of the list. */
export const PATH_TERMS_MAX = 10;

export type PatchPath =
  | { readonly kind: 'schema'; readonly schema: SchemaDefinition }
  | { readonly kind: 'attribute'; readonly place: AttributePlace; readonly filter: FilterNode | null };

const NAME = /^[A-Za-z][A-Za-z0-9_$-]*(?:\.[A-Za-z$][A-Za-z0-9_$-]*)?$/;
const PART = /^\.[A-Za-z$][A-Za-z0-9_$-]*$/;

export function parsePatchPath(text: string): PatchPath {
  if (text.length > FILTER_CHARACTERS_MAX) {
    throw new ScimError(400, 'invalidPath', `A path has at most ${FILTER_CHARACTERS_MAX} characters.`);
  }
  const reader = readerOf(text, 'invalidPath', PATH_TERMS_MAX);
  const head = reader.next();
  if (head.kind !== 'word') throw reader.error('An attribute was expected', head);
  const filter = reader.peek().kind === '[' ? bracketed(reader) : null;
  const tail = reader.next();
  if (tail.kind === 'end') return target(head.text, filter, null);
  if (filter === null || tail.kind !== 'word' || !PART.test(tail.text) || reader.peek().kind !== 'end') {
    throw reader.error(`${quoted(tail.text)} was not expected`, tail);
  }
  return target(head.text, filter, tail.text.slice(1));
}

function target(name: string, filter: FilterNode | null, part: string | null): PatchPath {
  const schema = schemaOf(name);
  if (schema !== null && filter === null) return { kind: 'schema', schema };
  if (!NAME.test(name.slice(name.lastIndexOf(':') + 1))) {
    throw new ScimError(400, 'invalidPath', `${quoted(name)} is no attribute path.`);
  }
  const place = attributeAt(name);
  if (place === null) throw new ScimError(400, 'noTarget', `There is no attribute ${quoted(name)}.`);
  if (filter === null) return { kind: 'attribute', place, filter };
  return { kind: 'attribute', place: valuePlace(place, part), filter };
}

function valuePlace(place: AttributePlace, part: string | null): AttributePlace {
  const { attribute } = place;
  const isList = attribute.multiValued || attribute.type === 'open';
  if (place.sub !== null || !isList) {
    throw new ScimError(400, 'invalidPath', `Attribute ${attribute.name} is no list: it takes no filter.`);
  }
  if (part === null || isValueOfPlain(attribute, part)) return place;
  const sub = subAttributeIn(attribute, part);
  if (sub === null) throw new ScimError(400, 'noTarget', `Attribute ${attribute.name} has no part ${quoted(part)}.`);
  return { ...place, sub };
}

/** The values of a plain list may be called `value`. */
const isValueOfPlain = (attribute: AttributeDefinition, part: string): boolean =>
  attribute.type !== 'complex' && attribute.type !== 'open' && part.toLowerCase() === 'value';
