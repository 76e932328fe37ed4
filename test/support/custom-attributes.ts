/** Attributes that an organization adds for its users, under their names in the custom schema of SCIM. */
import { defineClaim } from '../../commands/attributes/claim-commands.ts';
import { mapClaim } from '../../commands/attributes/dialect-commands.ts';
import type { Kernel } from '../../commands/kernel.ts';
import { execute } from '../../commands/pipeline.ts';
import type { ClaimDefinition } from '../../domain/attributes/local-claim.ts';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import { asking } from './kernel.ts';

export const CUSTOM_SCHEMA = 'urn:scim:schemas:extension:custom:User';

export const claimUri = (name: string): string => `http://wso2.org/claims/${name}`;

/** `lead.email` is a part of `lead`. */
export async function addCustomAttributes(
  kernel: Kernel,
  attributes: Readonly<Record<string, Partial<ClaimDefinition>>>,
): Promise<void> {
  for (const [name, given] of Object.entries(attributes)) {
    const uri = claimUri(name);
    const definition = {
      displayName: name,
      attributeMapping: [{ mappedAttribute: name, userstore: 'PRIMARY' }],
      ...given,
    };
    const defined = await execute(kernel, defineClaim, { organizationId: SUPER_ORG_ID, uri, definition }, asking());
    if (!defined.ok) throw new Error(`${name}: ${JSON.stringify(defined.refusal)}`);
    const mapping = { dialect: CUSTOM_SCHEMA, uri: `${CUSTOM_SCHEMA}:${name}`, claim: uri };
    const mapped = await execute(kernel, mapClaim, { organizationId: SUPER_ORG_ID, ...mapping }, asking());
    if (!mapped.ok) throw new Error(`${name}: ${JSON.stringify(mapped.refusal)}`);
  }
}
