/** What a refused command is called in SCIM. */
import type { CommonRefusal } from '../../../commands/command.ts';
import type { UserCommandRefusal } from '../../../commands/users/user-command.ts';
import { passwordSentence } from '../../../domain/users/password.ts';
import { ScimError } from '../scim-error.ts';

type Refusal = UserCommandRefusal | CommonRefusal;

export const notFound = (id: string): ScimError =>
  new ScimError(404, null, `No user with the id : ${id.slice(0, 100)} in the user store.`);

/** `owner-protected` has a reply of its own: 403 without a body. */
export function scimError(refusal: Exclude<Refusal, { reason: 'owner-protected' }>, id: string): ScimError {
  switch (refusal.reason) {
    case 'not-found':
    case 'user-not-found':
      return notFound(id);
    case 'value-taken':
      return new ScimError(409, 'uniqueness', `User with the name: ${refusal.value} already exists in the system.`);
    case 'user-exists':
      return new ScimError(409, 'uniqueness', 'The user already exists in the system.');
    case 'user-name-invalid':
      return new ScimError(
        400,
        'invalidValue',
        'The userName is empty, too long, or holds blanks or control characters.',
      );
    case 'attributes-too-large':
      return new ScimError(400, 'invalidValue', `The attributes take more than ${refusal.bytesMax} bytes.`);
    case 'user-name-breaks-rule':
      return new ScimError(400, 'invalidValue', `The userName does not meet the rules. ${refusal.sentence}`);
    case 'email-missing':
      return new ScimError(400, 'invalidValue', 'UEV-10001 - There is no e-mail address to verify.');
    case 'password-too-long':
    case 'password-breaks-rule':
    case 'password-used-before':
    case 'password-breached':
      return new ScimError(400, 'invalidValue', passwordSentence(refusal));
    case 'password-unchecked':
      return new ScimError(503, null, passwordSentence(refusal));
    case 'invalid-input':
      return new ScimError(
        400,
        'invalidValue',
        refusal.issues.map(({ path, message }) => `${path}: ${message}`).join('; '),
      );
    case 'forbidden':
      return new ScimError(403, null, 'Operation is not permitted. You do not have permissions to make this request.');
    case 'revision-differs':
      return new ScimError(409, null, 'The user was changed by somebody else meanwhile.');
    case 'idempotency-key-reused':
    case 'idempotency-key-invalid':
      return new ScimError(400, 'invalidValue', 'The idempotency key cannot be used for this request.');
    default:
      return refusal satisfies never;
  }
}
