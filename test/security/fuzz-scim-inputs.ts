/** Random questions and changes in the shapes of SCIM, more often nearly right than not. */
import fc from 'fast-check';
import { userSchemas } from '../../domain/users/attribute-catalogue.ts';
import { FRAGMENTS, near } from './fuzz-inputs.ts';

const OPERATORS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'Eq', 'pr', 'xx', ''];

const names = userSchemas.flatMap(({ urn, attributes }, index) =>
  attributes.flatMap(({ name, subAttributes = [] }) => {
    const own = index === 0 ? name : `${urn}:${name}`;
    return [own, ...subAttributes.map((sub) => `${own}.${sub.name}`)];
  }),
);

const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...names) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('shoeSize', 'meta.resourceType', 'schemas', '__proto__', 'value', 'type', 'a.b.c'),
  },
  { weight: 1, arbitrary: fc.constantFrom(...FRAGMENTS) },
);

const literal = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => JSON.stringify(text)),
  fc.constantFrom('true', 'false', 'null', '0', '-1.5', '1e9', 'kim', '"2011-05-13T04:42:34Z"', '"W/\\"3\\""', '"", "'),
  fc.constantFrom(...FRAGMENTS),
);

const comparison = fc
  .tuple(name, fc.constantFrom(...OPERATORS), literal)
  .map(([path, operator, value]) => `${path} ${operator} ${value}`);

/** The grammar of RFC 7644 §3.4.2.2, with mistakes in its leaves. */
const { filter: grammar } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, withCrossShrink: false },
    { weight: 4, arbitrary: comparison },
    { weight: 1, arbitrary: name.map((path) => `${path} pr`) },
    { weight: 1, arbitrary: fc.tuple(tie('filter'), tie('filter')).map(([a, b]) => `${a} and ${b}`) },
    { weight: 1, arbitrary: fc.tuple(tie('filter'), tie('filter')).map(([a, b]) => `(${a}) or ${b}`) },
    { weight: 1, arbitrary: tie('filter').map((inner) => `not (${inner})`) },
    { weight: 2, arbitrary: fc.tuple(name, tie('filter')).map(([path, inner]) => `${path}[${inner}]`) },
  ),
}));

export const filters: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: grammar },
  {
    weight: 1,
    arbitrary: near('emails[type eq "work" and value co "@x"] or not (userName sw "k")', 'title pr and active eq true'),
  },
);

const paths = fc.oneof(
  { weight: 3, arbitrary: name },
  { weight: 3, arbitrary: fc.tuple(name, comparison).map(([path, inner]) => `${path}[${inner}]`) },
  { weight: 1, arbitrary: fc.tuple(name, grammar, name).map(([path, inner, part]) => `${path}[${inner}].${part}`) },
  { weight: 1, arbitrary: near('emails[type eq "work"].value', 'urn:scim:wso2:schema:country', 'name.givenName') },
);

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    'kim@example.com',
    'True',
    [{ value: 'a@x.example', type: 'work', primary: true }],
    [],
    {},
    null,
  ),
  fc.dictionary(paths, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
);

/** The password is left out: what it costs is not what is sought here. */
const operation = fc.record(
  { op: fc.constantFrom('add', 'remove', 'replace', 'Replace', 'move', ''), path: paths, value },
  { requiredKeys: ['op'] },
);

export const patches: fc.Arbitrary<object> = fc
  .array(operation, { maxLength: 4 })
  .map((Operations) => ({ Operations }));

const keys = fc.constantFrom(
  ...new Set(names.map((path) => path.split('.', 1).join(''))),
  '__proto__',
  'constructor',
  'x',
);
export const documents: fc.Arbitrary<object> = fc
  .tuple(fc.dictionary(keys, value, { maxKeys: 6 }), fc.option(fc.uuid(), { nil: undefined }))
  .map(([members, userName]) => (userName === undefined ? members : { ...members, userName }));

const references = fc.constantFrom('a', 'b', 'c', 'd', '', ' ', 'a"b', '__proto__');

/** `users`: ids of those that may be changed. */
export function bulks(users: readonly string[]): fc.Arbitrary<object> {
  const target = fc.oneof(
    fc.constantFrom(...users),
    references.map((reference) => `bulkId:${reference}`),
    fc.constantFrom('..', 'x', '%2e', 'bulkId:'),
  );
  const referring = fc
    .tuple(documents, references)
    .map(([document, reference]) => ({ ...document, nickName: `bulkId:${reference}` }));
  const one = fc.record(
    {
      method: fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE', 'post', 'GET', ''),
      path: fc.oneof(
        fc.constant('/Users'),
        target.map((id) => `/Users/${id}`),
        fc.constantFrom('/Groups', '/Me', '/', '', '/Users/', '//Users', '/Bulk'),
      ),
      bulkId: references,
      version: fc.constantFrom('W/"0"', 'W/"1"', '*', 'x'),
      data: fc.oneof(documents, patches, referring, fc.jsonValue({ maxDepth: 2 })),
    },
    { requiredKeys: ['method', 'path'] },
  );
  const body = {
    Operations: fc.array(one, { maxLength: 6 }),
    failOnErrors: fc.constantFrom(1, 2, 5, 0, -1, 'x', null),
  };
  return fc.record(body, { requiredKeys: ['Operations'] });
}
