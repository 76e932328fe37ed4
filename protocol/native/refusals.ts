/** Which status stands for which refusal of a command. The compiler keeps the table complete. */
import type { ApplicationCommandRefusal } from '../../commands/applications/change-application.ts';
import type { CommonRefusal } from '../../commands/command.ts';
import type { GroupCommandRefusal } from '../../commands/groups/group-commands.ts';
import type { RoleCommandRefusal } from '../../commands/roles/role-commands.ts';
import type { UserCommandRefusal } from '../../commands/users/user-command.ts';
import type { SigningKeyRefusal } from '../../domain/keys/signing-keys.ts';
import type { OrganizationRefusal } from '../../domain/organizations/organization.ts';
import { Problem } from './problem.ts';

type Known =
  | CommonRefusal
  | ApplicationCommandRefusal
  | UserCommandRefusal
  | OrganizationRefusal
  | SigningKeyRefusal
  | RoleCommandRefusal
  | GroupCommandRefusal
  | { readonly reason: 'role-not-found' | 'role-exceeds-own' | 'not-own-consent' | 'id-reserved' };

/** 400: cannot be read. 403: no right. 404: not there. 409: in the way of what is. 422: read, and against a rule. */
const statuses: Record<Known['reason'], 400 | 403 | 404 | 409 | 412 | 422> = {
  'invalid-input': 400,
  'idempotency-key-invalid': 400,
  forbidden: 403,
  'exceeds-own-permissions': 403,
  'role-exceeds-own': 403,
  'role-protected': 403,
  'not-own-consent': 403,
  'owner-protected': 403,
  'system-application': 403,
  'super-organization-protected': 403,
  'id-reserved': 403,
  'not-found': 404,
  'application-not-found': 404,
  'api-not-found': 404,
  'user-not-found': 404,
  'organization-not-found': 404,
  'role-not-found': 404,
  'group-not-found': 404,
  'key-not-found': 404,
  'value-taken': 409,
  'application-exists': 409,
  'api-already-authorized': 409,
  'user-exists': 409,
  'role-exists': 409,
  'group-exists': 409,
  'organization-exists': 409,
  'key-in-use': 409,
  'oidc-not-configured': 409,
  'api-not-authorized': 409,
  'revision-differs': 412,
  'idempotency-key-reused': 422,
  'application-name-invalid': 422,
  'client-id-fixed': 422,
  'public-client-has-no-secret': 422,
  'callback-missing': 422,
  'callback-invalid': 422,
  'too-many-callbacks': 422,
  'origin-invalid': 422,
  'grant-not-for-public-client': 422,
  'scope-not-of-api': 422,
  'user-name-invalid': 422,
  'role-name-invalid': 422,
  'group-name-invalid': 422,
  'audience-unknown': 422,
  'permission-unknown': 422,
  'too-many-permissions': 422,
  'too-many-memberships': 422,
  'attributes-too-large': 422,
  'password-too-short': 422,
  'password-too-long': 422,
  'handle-invalid': 422,
  'name-invalid': 422,
};

const byReason: ReadonlyMap<string, number> = new Map(Object.entries(statuses));
/** A refusal that no table names is a rule of a command, read and understood. */
const RULE_STATUS = 422;

export function problemOf(command: string, refusal: { readonly reason: string }): Problem {
  const { reason, ...members } = refusal;
  return new Problem(
    byReason.get(reason) ?? RULE_STATUS,
    reason,
    `${command} was refused: ${sentence(reason)}.`,
    members,
  );
}

const sentence = (reason: string): string => reason.replaceAll('-', ' ');
