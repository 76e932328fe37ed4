/** What a refused command on a group is called in SCIM. */
import { quoted, ScimError } from '../scim-error.ts';

export const groupNotFound = (id: string): ScimError => new ScimError(404, null, `There is no group ${quoted(id)}.`);

/** About the group itself, and about one of its members. */
export function groupError(
  refusal: { readonly reason: string },
  about: { readonly id: string; readonly name: string },
): ScimError {
  switch (refusal.reason) {
    case 'not-found':
    case 'group-not-found':
      return groupNotFound(about.id);
    case 'value-taken':
    case 'group-exists':
      return new ScimError(409, 'uniqueness', `A group with the name ${quoted(about.name)} already exists.`);
    case 'group-name-invalid':
      return new ScimError(400, 'invalidValue', 'The displayName is empty, too long, or holds control characters.');
    default:
      return memberError(refusal, about.id);
  }
}

export function memberError(refusal: { readonly reason: string }, member: string): ScimError {
  switch (refusal.reason) {
    case 'group-not-found':
      return new ScimError(404, null, 'The group is not there any more.');
    case 'role-not-found':
      return new ScimError(404, null, 'The role is not there any more.');
    case 'not-found':
    case 'user-not-found':
      return new ScimError(400, 'invalidValue', `There is no member with the id ${quoted(member)}.`);
    case 'forbidden':
      return new ScimError(403, null, 'The credential lacks the permission to change members.');
    case 'owner-protected':
    case 'role-protected':
      return new ScimError(403, null, 'This membership is the organization’s own and cannot be changed.');
    case 'role-exceeds-own':
      return new ScimError(403, null, 'Nobody gives permissions that he does not hold himself.');
    case 'too-many-memberships':
      return new ScimError(400, 'tooMany', `${quoted(member)} has as many memberships as are allowed.`);
    case 'revision-differs':
      return new ScimError(409, null, 'It was changed by somebody else meanwhile.');
    default:
      return new ScimError(400, 'invalidValue', `The request was refused: ${refusal.reason.replaceAll('-', ' ')}.`);
  }
}
