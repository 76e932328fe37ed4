/** Every command that may be sent by name, at the native command endpoint and on the command line. */
import {
  authorizeApi,
  changeApiScopes,
  changeApplication,
  configureOidc,
  deleteApplication,
  regenerateClientSecret,
  removeOidc,
  revokeClient,
  unauthorizeApi,
} from './applications/change-application.ts';
import { createApplication } from './applications/create-application.ts';
import type { Command } from './command.ts';
import { withdrawConsent } from './consents/consent-commands.ts';
import {
  assignRoleToGroup,
  changeGroup,
  createGroup,
  deleteGroup,
  unassignRoleFromGroup,
} from './groups/group-commands.ts';
import { addGroupMember, removeGroupMember } from './groups/membership.ts';
import { retireSigningKey, rotateSigningKey } from './keys/rotate-signing-key.ts';
import { renameOrganization } from './organizations/rename-organization.ts';
import { createRootOrganization, setOrganizationActive } from './organizations/root-organization.ts';
import { changeRole, createRole, deleteRole } from './roles/role-commands.ts';
import { assignRole, unassignRole } from './users/assign-role.ts';
import {
  changeUser,
  changeUserAttributes,
  disableUser,
  enableUser,
  lockUser,
  setUserPassword,
  unlockUser,
} from './users/change-user.ts';
import { createUser } from './users/create-user.ts';
import { deleteUser, eraseUser } from './users/delete-user.ts';
import { changeOwnAccount, deleteOwnAccount } from './users/own-account.ts';

/** Input, state and facts differ by command; the pipeline keeps them together. */
// biome-ignore lint/suspicious/noExplicitAny: the registry holds commands of every input; each parses its own.
export type AnyCommand = Command<any, any, any, any>;

const all: readonly AnyCommand[] = [
  createUser,
  changeUser,
  changeUserAttributes,
  setUserPassword,
  lockUser,
  unlockUser,
  disableUser,
  enableUser,
  deleteUser,
  eraseUser,
  assignRole,
  unassignRole,
  createApplication,
  changeApplication,
  configureOidc,
  regenerateClientSecret,
  revokeClient,
  removeOidc,
  deleteApplication,
  authorizeApi,
  changeApiScopes,
  unauthorizeApi,
  createRootOrganization,
  setOrganizationActive,
  renameOrganization,
  rotateSigningKey,
  retireSigningKey,
  withdrawConsent,
  changeOwnAccount,
  deleteOwnAccount,
  createRole,
  changeRole,
  deleteRole,
  createGroup,
  changeGroup,
  deleteGroup,
  addGroupMember,
  removeGroupMember,
  assignRoleToGroup,
  unassignRoleFromGroup,
];

export const commandRegistry: ReadonlyMap<string, AnyCommand> = new Map(all.map((command) => [command.type, command]));
