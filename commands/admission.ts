/** The pass that the one gate gives, and what it rests on. Made by `admit` alone. */
import type { Application } from '../domain/applications/application.ts';
import type { GrantType } from '../domain/applications/application-events.ts';
import type { AppId, TenantId, UserId } from '../domain/ids.ts';
import type { Organization } from '../domain/organizations/organization.ts';
import type { User } from '../domain/users/user.ts';

declare const admitted: unique symbol;

/** What a session, code or grant rests on: how far each stream had come when it was admitted. Strings, as JSON carries them. */
export interface Standing {
  readonly user?: string;
  readonly application?: string;
  readonly consent?: string;
}

/** The states that the gate judged: what is issued is made from these, not from what came a moment later. */
export interface Judged {
  readonly organization: Organization;
  readonly application: Application | null;
  readonly user: User | null;
}

/** Proof that all of these were allowed at `atMs`. Only `admit` makes one. */
export type Admission = Readonly<{
  tenant: TenantId;
  user: UserId | null;
  application: AppId | null;
  session: string | null;
  grantType: GrantType | null;
  standing: Standing;
  judged: Judged;
  /** Epoch milliseconds. */
  atMs: number;
  [admitted]: true;
}>;
