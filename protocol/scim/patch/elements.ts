/** PATCH within a multi-valued attribute: whole list, one part of each value, or the values that a filter selects. */
import type { Json } from '../../../domain/json.ts';
import { subAttributeIn } from '../../../domain/users/attribute-catalogue.ts';
import type { AttributeDefinition } from '../../../domain/users/attribute-definition.ts';
import { matches } from '../filter/match.ts';
import type { FilterNode } from '../filter/syntax.ts';
import { ScimError } from '../scim-error.ts';
import { withKey } from '../users/resource.ts';
import { isMap, type JsonMap, readSingle, readValue, VALUES_MAX } from '../users/values.ts';

export interface ElementChange {
  readonly op: 'add' | 'remove' | 'replace';
  readonly value: Json;
  readonly filter: FilterNode | null;
  /** The part of each value that is meant; null: the values themselves. */
  readonly sub: AttributeDefinition | null;
}

type Elements = readonly Json[];

/** Undefined where no value is left. */
export function changedElements(
  attribute: AttributeDefinition,
  before: Elements,
  change: ElementChange,
): Elements | undefined {
  const after = change.filter === null ? onAll(attribute, before, change) : onSelected(attribute, before, change);
  if (after.length > VALUES_MAX) {
    throw new ScimError(400, 'invalidValue', `Attribute ${attribute.name} takes at most ${VALUES_MAX} values.`);
  }
  return after.length === 0 ? undefined : withOnePrimary(before, after);
}

function onAll(attribute: AttributeDefinition, before: Elements, change: ElementChange): Elements {
  const { op, sub } = change;
  if (sub !== null) return onPart(attribute, before.length === 0 && op !== 'remove' ? [{}] : before, change);
  if (op === 'remove') return change.value === null ? [] : withoutValues(attribute, before, change.value);
  const given = elementsOf(attribute, change.value);
  return op === 'replace' ? given : withElements(before, given);
}

function elementsOf(attribute: AttributeDefinition, value: Json): Elements {
  const read = readValue(attribute, value);
  if (read === undefined) return [];
  return Array.isArray(read) ? (read as Elements) : [read];
}

/** A value that is there already, by value and type, takes the further parts of the new one instead of standing twice. */
function withElements(before: Elements, given: Elements): Elements {
  const list = new Map(before.map((element, index) => [`${index}`, element]));
  const known = new Map(before.map((element, index) => [identity(element), `${index}`]));
  for (const element of given) {
    const key = known.get(identity(element)) ?? `${list.size}`;
    const twin = list.get(key);
    known.set(identity(element), key);
    list.set(key, isMap(twin) && isMap(element) ? { ...twin, ...element } : element);
  }
  return [...list.values()];
}

/** Published clients name the values that go, beside the path of the list. */
function withoutValues(attribute: AttributeDefinition, before: Elements, value: Json): Elements {
  const given = elementsOf(attribute, value);
  return before.filter((element) => !given.some((gone) => isNamedBy(element, gone)));
}

/** By its value, and its type where that is said; by all parts where it has no value. */
function isNamedBy(element: Json, gone: Json): boolean {
  if (!isMap(element) || !isMap(gone)) return element === gone;
  const names = gone['value'] === undefined ? Object.keys(gone) : ['value', 'type'].filter((name) => name in gone);
  return names.every((name) => element[name] === gone[name]);
}

function identity(element: Json): string {
  if (!isMap(element) || element['value'] === undefined) return JSON.stringify(element);
  return JSON.stringify([element['value'], element['type'] ?? null, 'value and type']);
}

function onSelected(attribute: AttributeDefinition, before: Elements, change: ElementChange): Elements {
  const { op, sub, value } = change;
  const filter = change.filter as FilterNode;
  const selected = before.map((element) => matches(filter, attribute, element));
  if (!selected.includes(true)) {
    if (op !== 'add') throw new ScimError(400, 'noTarget', `No value of ${attribute.name} satisfies the filter.`);
    return [...before, ...onPart(attribute, [equalities(filter, attribute)], { ...change, op: 'replace' })];
  }
  if (sub === null && op === 'remove') return before.filter((_, index) => selected[index] !== true);
  return before.flatMap((element, index) => {
    if (selected[index] !== true) return [element];
    if (sub !== null) return onPart(attribute, [element], change);
    return replaced(attribute, { value, kept: op === 'add' ? element : equalities(filter, attribute) });
  });
}

/** Sets or removes one part of each value, or the values themselves. A value without parts goes. */
function onPart(attribute: AttributeDefinition, elements: Elements, { op, sub, value }: ElementChange): Elements {
  if (sub === null) return elements.flatMap((element) => replaced(attribute, { value, kept: element }));
  const read = op === 'remove' ? undefined : readValue(sub, value);
  return elements.flatMap((element) => {
    const after = withKey(isMap(element) ? element : { value: element }, sub.name, read);
    return Object.keys(after).length === 0 ? [] : [after];
  });
}

interface Replacement {
  readonly value: Json;
  /** Parts that stay unless they are given anew. */
  readonly kept: Json;
}

function replaced(attribute: AttributeDefinition, { value, kept }: Replacement): Elements {
  const one = Array.isArray(value) && value.length === 1 ? (value[0] as Json) : value;
  const read = readSingle(attribute, one);
  if (read === undefined) return [];
  if (!isMap(kept) || attribute.type === 'string') return [read];
  return [{ ...kept, ...(isMap(read) ? read : { value: read }) }];
}

/** What the filter says a value must be: `type eq "work"` makes a new value one of type work. */
function equalities(filter: FilterNode, attribute: AttributeDefinition): JsonMap {
  if (filter.kind === 'and') {
    return Object.fromEntries(filter.parts.flatMap((part) => Object.entries(equalities(part, attribute))));
  }
  if (filter.kind !== 'compare' || filter.operator !== 'eq') return {};
  const sub = subAttributeIn(attribute, filter.path);
  const value = sub === null || sub.mutability === 'readOnly' ? undefined : readValue(sub, filter.value.text);
  return sub === null ? {} : withKey({}, sub.name, value);
}

/** Where a change makes a value the primary one, the former one is it no longer (RFC 7644 §3.5.2). */
function withOnePrimary(before: Elements, after: Elements): Elements {
  const isPrimary = (element: Json | undefined) => isMap(element) && element['primary'] === true;
  const primaries = after.filter(isPrimary);
  if (primaries.length <= 1) return after;
  const former = new Set(before.filter(isPrimary));
  const newest = primaries.findLast((element) => !former.has(element)) ?? primaries[0];
  return after.map((element) => {
    return isPrimary(element) && element !== newest ? { ...(element as JsonMap), primary: false } : element;
  });
}
