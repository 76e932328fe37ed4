/** What a user may do: the permissions of his roles. One function, for tokens, HTTP Basic and checks alike. */
import { systemScopes } from '../domain/applications/api-resources.ts';
import type { Application } from '../domain/applications/application.ts';
import { OPENID_SCOPES } from '../domain/users/openid-claims.ts';
import type { EffectiveAccess, Holder } from './effective-access.ts';
import { EVERY_PERMISSION } from './permissions.ts';

/** Scopes that pass without registration, as devices use them. */
const FREE_FORM_SCOPE = /^device_.*/;
/** What every user may do with his own account. */
export const OWN_ACCOUNT_SCOPE = 'internal_login';

/** Of the roles of his organization. An application's own roles count in its tokens alone. */
export async function permissionsOf(access: EffectiveAccess, user: Holder): Promise<ReadonlySet<string>> {
  return permissionsFor(access, user, null);
}

async function permissionsFor(
  access: EffectiveAccess,
  user: Holder,
  application: Pick<ApplicationOf, 'id' | 'state'> | null,
): Promise<ReadonlySet<string>> {
  const ofApplication = application !== null && application.state.roleAudience === 'application';
  const permissions = new Set<string>([OWN_ACCOUNT_SCOPE]);
  for (const role of await access.rolesOf(user)) {
    const counts = ofApplication ? role.audience.id === application.id : role.audience.type === 'organization';
    if (!counts) continue;
    for (const permission of role.permissions) permissions.add(permission);
  }
  return permissions;
}

/** An application as it is judged. */
export interface ApplicationOf {
  readonly id: string;
  readonly state: Application;
}

/**
 * Of the scopes asked for, those granted; the rest is dropped, not refused. A scope of the server's own APIs needs the
 * application's authorization and, under RBAC, a role of the user that holds it.
 */
export async function grantedScopes(
  access: EffectiveAccess,
  application: ApplicationOf,
  user: Holder | null,
  requested: ReadonlySet<string>,
): Promise<readonly string[]> {
  const { state } = application;
  // Whoever asks for none of them is not looked up.
  const byRole = user !== null && [...requested].some((scope) => needsRole(state, scope));
  const permissions = byRole ? await permissionsFor(access, user, application) : null;
  return [...requested].filter((scope) => {
    if (OPENID_SCOPES.has(scope) || scope === OWN_ACCOUNT_SCOPE) return user !== null;
    if (FREE_FORM_SCOPE.test(scope)) return true;
    if (!systemScopes.has(scope) || policyOf(state, scope) === null) return false;
    return permissions === null || !needsRole(state, scope) || grants(permissions, scope);
  });
}

const grants = (permissions: ReadonlySet<string>, scope: string): boolean =>
  permissions.has(scope) || permissions.has(EVERY_PERMISSION);

const needsRole = (application: Application, scope: string): boolean =>
  systemScopes.has(scope) && policyOf(application, scope) === 'RBAC';

/** Null: the application is not authorized for the scope. */
const policyOf = ({ apis }: Application, scope: string) =>
  [...apis.values()].find(({ scopes }) => scopes.has(scope))?.policy ?? null;
