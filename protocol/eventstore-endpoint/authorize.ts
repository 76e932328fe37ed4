/** Who calls, and whether he may. */
import type { Metadata } from '@grpc/grpc-js';
import { accessDenied, unauthenticated } from './wire-error.ts';

export type EndpointRole = 'reader' | 'writer';

/** Null: user and password do not belong together, or the user has no business here. Compares in constant time. */
export type Authorize = (user: string, password: string) => Promise<EndpointRole | null> | EndpointRole | null;

export const CREDENTIALS_CHARACTERS_MAX = 1_024;

const BASIC = /^Basic ([A-Za-z0-9+/]+={0,2})$/i;

/** Throws what ends the call. */
export async function requireRole(
  metadata: Metadata,
  authorize: Authorize | null,
  needed: EndpointRole,
): Promise<void> {
  if (authorize === null) return;
  const [header] = metadata.get('authorization');
  if (header === undefined) throw accessDenied();
  const credentials = credentialsOf(String(header));
  const role = credentials === null ? null : await authorize(credentials.user, credentials.password);
  if (role === null) throw unauthenticated();
  if (needed === 'writer' && role !== 'writer') throw accessDenied();
}

function credentialsOf(header: string): { user: string; password: string } | null {
  if (header.length > CREDENTIALS_CHARACTERS_MAX) return null;
  const encoded = BASIC.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
