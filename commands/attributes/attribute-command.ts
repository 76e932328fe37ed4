/** What the commands on attribute definitions share: whose they are, and what they are decided on. */
import { z } from 'zod';
import type { AttributeDictionary } from '../../domain/attributes/dictionary.ts';
import { attributeDictionaries } from '../../domain/attributes/dictionary.ts';
import type { Decision } from '../../domain/decision.ts';
import { orgId } from '../../domain/id-parsers.ts';
import type { OrgId } from '../../domain/ids.ts';
import { type Result, refuse } from '../../domain/result.ts';
import type { Command, CommonRefusal, Scope } from '../command.ts';
import type { Kernel } from '../kernel.ts';

/** Names, labels and URIs. */
export const TEXT_CHARACTERS_MAX = 1_024;

export const text = z.string().max(TEXT_CHARACTERS_MAX);

/** Every command names the organization whose definitions it changes. */
export const ofOrganization = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ organizationId: orgId, ...shape });

/** Part of every input. */
export type OfOrganization = { readonly organizationId: OrgId };

type Refused = { readonly reason: string };

interface Given<Input, Refusal extends Refused> {
  readonly type: string;
  readonly summary: string;
  readonly input: z.ZodType<Input>;
  readonly permission: string;
  readonly decide: (
    dictionary: AttributeDictionary,
    input: Input,
    scope: Scope<Input>,
  ) => Result<Decision, Refusal | CommonRefusal>;
}

export type AttributeCommand<Input, Refusal extends Refused> = Command<
  Input,
  AttributeDictionary,
  Refusal | CommonRefusal,
  undefined
>;

/** An organization without changes has no stream that would tell whose it is: the caller's own is the only one it may be. */
export const attributeCommand = <Input extends { readonly organizationId: string }, Refusal extends Refused>({
  permission,
  decide,
  ...given
}: Given<Input, Refusal>): AttributeCommand<Input, Refusal> => ({
  ...given,
  permissions: [permission],
  aggregate: attributeDictionaries,
  target: ({ organizationId }) => organizationId,
  decide: (dictionary, input, _, scope) =>
    scope.id === scope.envelope.caller.org
      ? decide(dictionary, input, scope)
      : refuse({ reason: 'not-found' } as const),
});

/** The newest definitions of an organization. */
export const dictionaryOf = async (kernel: Pick<Kernel, 'aggregates'>, org: string): Promise<AttributeDictionary> =>
  (await kernel.aggregates.load(attributeDictionaries, org)).state;
