/** What can have happened to an organization's attribute definitions. Streams `attrdef-<organization>`. */
import { z } from 'zod';
import type { Fact } from '../event.ts';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';
import { claimChanges, claimDefinition } from './local-claim.ts';

const text = plain(z.string());
const scope = z.object({ name: text, displayName: text, description: text, claims: z.array(text) });

export const attributeEventDefinitions = [
  defineEvent('attribute.dialect.added.v1', z.object({ uri: text })),
  defineEvent('attribute.dialect.renamed.v1', z.object({ uri: text, to: text })),
  defineEvent('attribute.dialect.removed.v1', z.object({ uri: text })),
  defineEvent('attribute.claim.defined.v1', z.object({ uri: text, definition: claimDefinition })),
  defineEvent('attribute.claim.redefined.v1', z.object({ uri: text, changes: claimChanges })),
  defineEvent('attribute.claim.removed.v1', z.object({ uri: text })),
  /** Also where it was mapped to another claim before. */
  defineEvent('attribute.claim.mapped.v1', z.object({ dialect: text, uri: text, claim: text })),
  defineEvent('attribute.claim.unmapped.v1', z.object({ dialect: text, uri: text })),
  /** From here on who writes the attribute claims its values; those of the users before are being claimed. */
  defineEvent(
    'attribute.uniqueness.announced.v1',
    z.object({ uri: text, scope: z.enum(['WITHIN_USERSTORE', 'ACROSS_USERSTORES']), generation: text }),
  ),
  /** The values of all users are claimed. */
  defineEvent('attribute.uniqueness.enabled.v1', z.object({ uri: text, generation: text })),
  /** Users share values: the ids of those whose values others had already. */
  defineEvent(
    'attribute.uniqueness.abandoned.v1',
    z.object({ uri: text, generation: text, collisions: z.array(text), collisionCount: z.number() }),
  ),
  defineEvent('attribute.uniqueness.disabled.v1', z.object({ uri: text })),
  defineEvent('attribute.scope.defined.v1', scope),
  defineEvent('attribute.scope.redefined.v1', scope),
  defineEvent('attribute.scope.removed.v1', z.object({ name: text })),
] as const;

export type AttributeEvent = EventOf<typeof attributeEventDefinitions>;

/** A member that is optional is absent, never undefined: what was parsed from JSON is JSON. */
export const attributeFact = (event: AttributeEvent): Fact => event as unknown as Fact;
