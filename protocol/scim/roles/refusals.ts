/** What a refused command on a role is called in SCIM. */
import { memberError } from '../groups/refusals.ts';
import { quoted, ScimError } from '../scim-error.ts';

export const roleNotFound = (id: string): ScimError =>
  new ScimError(404, null, `RMA-60001: there is no role ${quoted(id)}.`);

export function roleError(
  refusal: { readonly reason: string; readonly permission?: string; readonly max?: number },
  about: { readonly id: string; readonly name: string },
): ScimError {
  switch (refusal.reason) {
    case 'not-found':
    case 'role-not-found':
      return roleNotFound(about.id);
    case 'value-taken':
    case 'role-exists':
      return new ScimError(409, 'uniqueness', `The audience has a role with the name ${quoted(about.name)} already.`);
    case 'role-name-invalid':
      return new ScimError(400, 'invalidValue', 'The name of a role has 1 to 255 characters, none of them control.');
    case 'role-protected':
      return new ScimError(403, null, 'The role is the organization’s own: it keeps its name and permissions.');
    case 'audience-unknown':
      return new ScimError(400, 'invalidValue', 'The audience is no organization or application that can have roles.');
    case 'permission-unknown':
      return new ScimError(
        400,
        'invalidValue',
        `There is no permission ${quoted(refusal.permission ?? '')} to be had.`,
      );
    case 'too-many-permissions':
      return new ScimError(400, 'tooMany', `A role carries at most ${refusal.max} permissions.`);
    default:
      return memberError(refusal, about.id);
  }
}
