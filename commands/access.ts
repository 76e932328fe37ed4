/** What a user may do: the permissions of his roles. One function, for tokens, HTTP Basic and checks alike. */
import { systemScopes } from '../domain/applications/api-resources.ts';
import type { Application } from '../domain/applications/application.ts';
import { dictionaryOf } from './attributes/attribute-command.ts';
import type { EffectiveAccess, Holder } from './effective-access.ts';
import type { Kernel } from './kernel.ts';
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

export interface Rights {
  readonly kernel: Kernel;
  readonly access: EffectiveAccess;
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
  { kernel, access }: Rights,
  application: ApplicationOf,
  user: Holder | null,
  requested: ReadonlySet<string>,
): Promise<readonly string[]> {
  const { state } = application;
  // Whoever asks for none of them is not looked up.
  const byRole = user !== null && [...requested].some((scope) => needsRole(state, scope));
  const permissions = byRole ? await permissionsFor(access, user, application) : null;
  const ofClaims = await claimScopes(kernel, state, requested);
  return [...requested].filter((scope) => {
    // First, so that no scope of claims can ever stand for a right.
    if (systemScopes.has(scope)) return isAuthorized(state, permissions, scope);
    if (ofClaims.has(scope) || scope === OWN_ACCOUNT_SCOPE) return user !== null;
    return FREE_FORM_SCOPE.test(scope);
  });
}

/** Those asked for that carry claims. The definitions are looked at for names alone that nothing else explains. */
async function claimScopes(kernel: Kernel, { org }: Application, requested: ReadonlySet<string>) {
  const unexplained = [...requested].filter((scope) => !systemScopes.has(scope) && scope !== OWN_ACCOUNT_SCOPE);
  if (unexplained.length === 0) return new Set<string>();
  const { scopes } = await dictionaryOf(kernel, org);
  return new Set(unexplained.filter((scope) => scopes.has(scope)));
}

function isAuthorized(application: Application, permissions: ReadonlySet<string> | null, scope: string): boolean {
  const policy = policyOf(application, scope);
  if (policy === null) return false;
  return permissions === null || policy !== 'RBAC' || grants(permissions, scope);
}

const grants = (permissions: ReadonlySet<string>, scope: string): boolean =>
  permissions.has(scope) || permissions.has(EVERY_PERMISSION);

const needsRole = (application: Application, scope: string): boolean =>
  systemScopes.has(scope) && policyOf(application, scope) === 'RBAC';

/** Null: the application is not authorized for the scope. */
const policyOf = ({ apis }: Application, scope: string) =>
  [...apis.values()].find(({ scopes }) => scopes.has(scope))?.policy ?? null;
