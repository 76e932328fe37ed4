/** Whether an application asks for a claim; as far as the read model knows. */
import type { Caller } from '../../../commands/caller.ts';
import type { ClaimDoor } from './claim-door.ts';

export async function isRequested({ readStore }: ClaimDoor, { tenant, org }: Caller, uri: string): Promise<boolean> {
  const filter = { op: 'eq', path: 'requestedClaims', value: uri } as const;
  const page = await readStore.query({ collection: 'applications', tenant, org, filter, limit: 1 });
  return page.documents.length > 0;
}
