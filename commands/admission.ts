/** The pass that the one gate gives, and what it rests on. Made by `admit` alone. */
import type { GrantType } from '../domain/applications/application-events.ts';
import type { AppId, TenantId, UserId } from '../domain/ids.ts';

declare const admitted: unique symbol;

/** What a session, code or grant rests on: how far each stream had come when it was admitted. Strings, as JSON carries them. */
export interface Standing {
  readonly user?: string;
  readonly application?: string;
  readonly consent?: string;
}

/** Proof that all of these were allowed at `atMs`. Only `admit` makes one. */
export type Admission = Readonly<{
  tenant: TenantId;
  user: UserId | null;
  application: AppId | null;
  session: string | null;
  grantType: GrantType | null;
  standing: Standing;
  /** Epoch milliseconds. */
  atMs: number;
  [admitted]: true;
}>;
