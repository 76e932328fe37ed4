/** Attributes of RFC 7643 §4.2 (group), with the roles that a group holds. */
import { attribute, complex, type SchemaDefinition, text } from '../users/attribute-definition.ts';

export const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

const server = { kept: 'state', mutability: 'readOnly' } as const;

export const groupSchema: SchemaDefinition = {
  urn: CORE_GROUP,
  name: 'Group',
  description: 'Group',
  attributes: [
    text('displayName', 'The name of the group.', { required: true, uniqueness: 'server' }),
    complex(
      'members',
      'The users in the group.',
      [
        text('value', 'The id of the member.', { caseExact: true, mutability: 'immutable' }),
        attribute('$ref', 'reference', 'The address of the member.', {
          mutability: 'immutable',
          referenceTypes: ['User'],
        }),
        text('display', 'The name of the member.', server),
      ],
      { multiValued: true },
    ),
    complex(
      'roles',
      'Roles that the group holds for its members.',
      [
        text('value', 'The id of the role.', { ...server, caseExact: true }),
        attribute('$ref', 'reference', 'The address of the role.', server),
        text('display', 'The name of the role.', server),
        text('audienceValue', 'Where the role can be given: the id of the organization or application.', server),
        text('audienceType', 'Organization or application.', server),
      ],
      { ...server, multiValued: true },
    ),
  ],
};
