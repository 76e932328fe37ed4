/** Attributes of a role, in the extension that published clients know. */
import { attribute, complex, type SchemaDefinition, text } from '../users/attribute-definition.ts';

export const ROLE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:2.0:Role';

const server = { kept: 'state', mutability: 'readOnly' } as const;

const holders = (name: string, description: string, type: string) =>
  complex(
    name,
    description,
    [
      text('value', 'Its id.', { caseExact: true }),
      attribute('$ref', 'reference', 'Its address.', { ...server, referenceTypes: [type] }),
      text('display', 'Its name.', server),
    ],
    { multiValued: true },
  );

export const roleSchema: SchemaDefinition = {
  urn: ROLE_SCHEMA,
  name: 'Role',
  description: 'Role',
  attributes: [
    text('displayName', 'The name of the role, unique within its audience.', { required: true, uniqueness: 'server' }),
    complex(
      'audience',
      'Where the role can be given; fixed when it is made.',
      [
        text('value', 'The id of the organization or application.', { caseExact: true }),
        text('type', 'Organization or application.', { canonicalValues: ['organization', 'application'] }),
        text('display', 'Its name.', server),
      ],
      { mutability: 'immutable' },
    ),
    complex(
      'permissions',
      'What holders may do.',
      [text('value', 'A scope.', { caseExact: true }), text('display', 'Its name.', server)],
      { multiValued: true },
    ),
    holders('users', 'Users who hold the role.', 'User'),
    holders('groups', 'Groups whose members hold the role.', 'Group'),
    complex(
      'properties',
      'Whether the role is shared from above.',
      [text('name', 'The name of the property.', server), text('value', 'Its value.', server)],
      { ...server, multiValued: true },
    ),
    complex(
      'associatedApplications',
      'Applications in whose tokens the role counts.',
      [
        text('value', 'The id of the application.', { ...server, caseExact: true }),
        attribute('$ref', 'reference', 'Its address.', server),
        text('display', 'Its name.', server),
      ],
      { ...server, multiValued: true },
    ),
  ],
};
