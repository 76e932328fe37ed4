/** Whom an earlier id token was about. Expired ones count; what this server did not sign is no hint. */
import { ID_TOKEN_TYP } from '../../commands/tokens/id-token.ts';
import { issuerOf } from '../http/authenticate.ts';
import type { Request } from '../http/route.ts';
import type { OauthDoor } from '../oauth2/oauth-door.ts';

export interface IdTokenHint {
  readonly clientId: string;
  readonly subject: string;
  readonly session: string | null;
}

export async function readIdTokenHint(
  { signer }: OauthDoor,
  { tenant }: Request,
  token: string,
): Promise<IdTokenHint | null> {
  const { iss, azp, sub, sid } = (await signer.verify(tenant.id, token, ID_TOKEN_TYP)) ?? {};
  if (iss !== issuerOf(tenant) || typeof azp !== 'string' || typeof sub !== 'string') return null;
  return { clientId: azp, subject: sub, session: typeof sid === 'string' ? sid : null };
}
