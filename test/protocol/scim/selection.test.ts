import { describe, expect, it } from 'vitest';
import type { AttributePlace } from '../../../domain/users/attribute-catalogue.ts';
import { complex, type SchemaDefinition, text } from '../../../domain/users/attribute-definition.ts';
import { selected, selectionOf } from '../../../protocol/scim/selection.ts';
import type { Vocabulary } from '../../../protocol/scim/vocabulary.ts';

const robot: SchemaDefinition = {
  urn: 'urn:robot',
  name: 'Robot',
  description: '',
  attributes: [
    text('id', '', { returned: 'always' }),
    text('serial', '', { returned: 'always' }),
    text('colour', ''),
    text('secret', '', { returned: 'never' }),
    text('diary', '', { returned: 'request' }),
    complex(
      'arms',
      '',
      [text('value', ''), text('code', '', { returned: 'never' }), text('log', '', { returned: 'request' })],
      {
        multiValued: true,
      },
    ),
  ],
};

const vocabulary: Vocabulary = {
  schemas: [robot],
  schemaOf: (urn) => (urn === robot.urn ? robot : null),
  attributeAt(path): AttributePlace | null {
    const [name, part] = path.split('.');
    const attribute = robot.attributes.find((known) => known.name === name);
    const sub = attribute?.subAttributes?.find((known) => known.name === part) ?? null;
    return attribute === undefined || (part !== undefined && sub === null) ? null : { schema: robot, attribute, sub };
  },
};

const r2 = {
  schemas: ['urn:robot'],
  id: 'r2',
  serial: '7',
  colour: 'red',
  secret: 's',
  diary: 'long',
  arms: [{ value: 'left', code: '0000', log: 'moved' }],
};

const shown = (attributes: string[], excluded: string[] = []) =>
  selected(vocabulary, r2, selectionOf(vocabulary, attributes, excluded));

const { schemas, id, serial } = r2;
const always = { schemas, id, serial };

describe('an answer', () => {
  it('leaves out what is shown on request alone, and what is never shown', () =>
    expect(shown([])).toEqual({ ...always, colour: 'red', arms: [{ value: 'left' }] }));

  it('shows on request what is shown on request, beside what is always shown', () => {
    expect(shown(['diary'])).toEqual({ ...always, diary: 'long' });
    expect(shown(['arms.log', 'colour'])).toEqual({ ...always, colour: 'red', arms: [{ log: 'moved' }] });
  });

  it('[SEC-C6] never shows what is never shown, however it is asked for', () => {
    for (const asked of [['secret'], ['arms'], ['arms.code'], ['urn:robot'], ['secret', 'colour', 'arms.code']]) {
      expect(JSON.stringify(shown(asked)), asked.join()).not.toMatch(/"secret"|0000/);
    }
  });

  it('always shows what is always shown, whatever is not wanted', () => {
    expect(shown([], ['id', 'serial', 'schemas', 'arms', 'urn:robot'])).toEqual({ ...always, colour: 'red' });
    expect(shown(['colour'])).toEqual({ ...always, colour: 'red' });
    expect(shown(['nothing'])).toEqual(always);
  });

  it('is the same resource where nothing has to go', () => {
    const plain = { ...always, colour: 'red' };
    expect(selected(vocabulary, plain, null)).toBe(plain);
  });
});
