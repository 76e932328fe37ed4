/** What an organization's definitions say of the attributes that a command writes. Every command that writes asks here. */
import { accept, type Result, refuse } from '../../domain/result.ts';
import { type AttributeRefusal, checkAttributes, checkRemovals } from '../../domain/users/attribute-check.ts';
import { ATTRIBUTES_BYTES_MAX, isTooLarge, type UserRefusal } from '../../domain/users/user.ts';
import { catalogueOf, type UniqueAttribute } from '../../domain/users/user-catalogue.ts';
import type { Attributes, CheckedAttributes } from '../../domain/users/user-events.ts';
import { dictionaryOf } from '../attributes/attribute-command.ts';
import { matchesPattern } from '../attributes/patterns.ts';
import type { Kernel } from '../kernel.ts';

export interface AttributeWrite {
  readonly org: string;
  readonly set?: Attributes | undefined;
  readonly unset?: readonly string[] | undefined;
  /** `drop`: names that nobody declared are passed over. */
  readonly undeclared: 'refuse' | 'drop';
}

export interface AttributeFacts {
  /** Checked, in their attributes' form and spelling. */
  readonly set: CheckedAttributes;
  readonly unset: readonly string[];
  readonly unique: readonly UniqueAttribute[];
}

export async function attributeFacts(
  kernel: Pick<Kernel, 'aggregates'>,
  { org, set = {}, unset = [], undeclared }: AttributeWrite,
): Promise<Result<AttributeFacts, AttributeRefusal | UserRefusal>> {
  // Before any pattern is matched: what it may cost is bounded by the text.
  if (isTooLarge(set)) return refuse({ reason: 'attributes-too-large', bytesMax: ATTRIBUTES_BYTES_MAX });
  const catalogue = catalogueOf(await dictionaryOf(kernel, org));
  const rules = { catalogue, matches: matchesPattern, undeclared };
  const values = checkAttributes(rules, set);
  if (!values.ok) return values;
  const removals = checkRemovals(rules, unset);
  if (!removals.ok) return removals;
  return accept({ set: values.value, unset: removals.value, unique: catalogue.unique });
}
