/** What a user may do: the permissions of his roles. One function, for tokens, HTTP Basic and checks alike. */
import { systemScopes } from '../domain/applications/api-resources.ts';
import type { Application } from '../domain/applications/application.ts';
import { roles } from '../domain/roles/role.ts';
import type { User } from '../domain/users/user.ts';
import { dictionaryOf } from './attributes/attribute-command.ts';
import type { Kernel } from './kernel.ts';
import { EVERY_PERMISSION } from './permissions.ts';

/** Scopes that pass without registration, as devices use them. */
const FREE_FORM_SCOPE = /^device_.*/;
/** What every user may do with his own account. */
export const OWN_ACCOUNT_SCOPE = 'internal_login';

export async function permissionsOf(kernel: Kernel, user: Pick<User, 'roles' | 'org'>): Promise<ReadonlySet<string>> {
  const permissions = new Set<string>([OWN_ACCOUNT_SCOPE]);
  for (const id of user.roles) {
    const { state: role } = await kernel.aggregates.load(roles, id);
    if (role.status !== 'present' || role.org !== user.org) continue;
    for (const permission of role.permissions) permissions.add(permission);
  }
  return permissions;
}

/**
 * Of the scopes asked for, those granted; the rest is dropped, not refused. A scope of the server's own APIs needs the
 * application's authorization and, under RBAC, a role of the user that holds it.
 */
export async function grantedScopes(
  kernel: Kernel,
  application: Application,
  user: User | null,
  requested: ReadonlySet<string>,
): Promise<readonly string[]> {
  const permissions = user === null ? null : await permissionsOf(kernel, user);
  const { scopes } = await dictionaryOf(kernel, application.org);
  return [...requested].filter((scope) => {
    // First, so that no scope of claims can ever stand for a right.
    if (systemScopes.has(scope)) return isAuthorized(application, permissions, scope);
    if (scopes.has(scope) || scope === OWN_ACCOUNT_SCOPE) return user !== null;
    return FREE_FORM_SCOPE.test(scope);
  });
}

function isAuthorized(application: Application, permissions: ReadonlySet<string> | null, scope: string): boolean {
  const authorization = [...application.apis.values()].find(({ scopes }) => scopes.has(scope));
  if (authorization === undefined) return false;
  if (permissions === null || authorization.policy === 'NO POLICY') return true;
  return permissions.has(scope) || permissions.has(EVERY_PERMISSION);
}
