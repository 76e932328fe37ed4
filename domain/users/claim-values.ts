/** The values that a user has for a claim, wherever they are kept. */
import type { ClaimSource } from '../attributes/system-dictionary.ts';
import type { Claim } from '../decision.ts';
import { normalised } from '../uniqueness/reservation.ts';
import type { UniqueAttribute } from './user-catalogue.ts';
import type { Attributes, AttributeValue } from './user-events.ts';

type Scalar = string | number | boolean;
type Element = Scalar | { readonly [part: string]: Scalar };

type AttributeSource = Extract<ClaimSource, { kind: 'attribute' }>;

/** Of a list of objects the `value` of each; with a type, of those of that type alone. */
export function valuesAt(attributes: Attributes, { path, type }: Omit<AttributeSource, 'kind'>): readonly Scalar[] {
  const value = Object.hasOwn(attributes, path) ? attributes[path] : undefined;
  if (value === undefined) return [];
  return elementsOf(value).flatMap((element) => {
    if (typeof element !== 'object') return type === undefined ? [element] : [];
    if (type !== undefined && element['type'] !== type) return [];
    return element['value'] ?? [];
  });
}

const elementsOf = (value: AttributeValue): readonly Element[] =>
  Array.isArray(value) ? (value as readonly Element[]) : [value as Scalar];

/** What these attributes must be alone in having. Equal values of one attribute are one claim. */
export function uniqueClaims(
  unique: readonly UniqueAttribute[],
  org: string,
  attributes: Attributes,
): ReadonlyMap<string, Claim> {
  const claims = new Map<string, Claim>();
  for (const { displayName, within, source } of unique) {
    for (const value of valuesAt(attributes, source)) {
      const text = String(value);
      const key = `${within}|${normalised(text)}`;
      claims.set(key, { kind: 'attr', scope: org, value: text, within, attribute: displayName });
    }
  }
  return claims;
}
