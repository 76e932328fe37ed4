/** Who calls, and whether he may. */
import type { Metadata } from '@grpc/grpc-js';
import { accessDenied, unauthenticated } from './wire-error.ts';

export type EndpointRole = 'reader' | 'writer';

export interface EndpointCaller {
  readonly user: string;
  readonly password: string;
  /** Address of the other side, without the port. */
  readonly address: string;
}

export interface Grant {
  readonly role: EndpointRole;
  /** Asked again while a call is open; false ends it. */
  holds(): Promise<boolean> | boolean;
}

/** Null: user and password do not belong together, or the user has no business here. Compares in constant time. */
export type Authorize = (caller: EndpointCaller) => Promise<Grant | null> | Grant | null;

export const CREDENTIALS_CHARACTERS_MAX = 4_096;
/** A call that stays open ends within this time after its caller has lost the right to it. */
export const GRANT_CHECKED_EVERY_MS = 5_000;

const BASIC = /^Basic ([A-Za-z0-9+/]+={0,2})$/i;

export interface AuthorizedCall {
  readonly metadata: Metadata;
  getPeer(): string;
}

/** Null where everybody may. Throws what ends the call. */
export async function requireRole(
  call: AuthorizedCall,
  authorize: Authorize | null,
  needed: EndpointRole,
): Promise<Grant | null> {
  if (authorize === null) return null;
  const [header] = call.metadata.get('authorization');
  if (header === undefined) throw accessDenied();
  const credentials = credentialsOf(String(header));
  const address = call.getPeer().replace(/:\d+$/, '');
  const grant = credentials === null ? null : await authorize({ ...credentials, address });
  if (grant === null) throw unauthenticated();
  if (needed === 'writer' && grant.role !== 'writer') throw accessDenied();
  return grant;
}

function credentialsOf(header: string): { user: string; password: string } | null {
  if (header.length > CREDENTIALS_CHARACTERS_MAX) return null;
  const encoded = BASIC.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
