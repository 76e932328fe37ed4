/** Random documents and questions over a small, colliding set of values, so that filters match and sorts tie. */
import fc from 'fast-check';
import type { Collection, Document, Filter, Query, Sort } from '../../infra/read-store/read-store.ts';

export const thingCollection: Collection = {
  name: 'things',
  fields: [
    { path: 'name', kind: 'text', contains: true },
    { path: 'code', kind: 'text', caseExact: true },
    { path: 'size', kind: 'number' },
    { path: 'active', kind: 'boolean' },
    { path: 'meta.made', kind: 'instant' },
    { path: 'mails.value', kind: 'text', many: true, contains: true },
    { path: 'mails.type', kind: 'text', many: true },
    { path: 'mails.primary', kind: 'boolean', many: true },
    { path: 'tags', kind: 'text', many: true },
  ],
  dynamic: { path: 'custom' },
};

const words = [
  'anna',
  'ANNA',
  'annabel',
  'hannah',
  'straße',
  'STRASSE',
  'ﬁne',
  'fine',
  'İx',
  'ab',
  'a',
  '',
  '日本語',
  '日本',
  '𝔞bc',
  '%_"\'',
  '10',
];
const word = fc.constantFrom(...words);
const instant = fc.constantFrom(
  '2026-01-01T00:00:00Z',
  '2026-01-01T01:00:00+01:00',
  '2026-01-01T00:00:00.001Z',
  'never',
);
const size = fc.constantFrom(-1, 0, 1, 2.5, 1e9);

const mail = fc.record(
  { value: word, type: fc.constantFrom('work', 'Home'), primary: fc.boolean() },
  { requiredKeys: [] },
);

const content = fc.record(
  {
    name: fc.oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: fc.constantFrom(7, null) }),
    code: word,
    size,
    active: fc.boolean(),
    meta: fc.record({ made: instant }, { requiredKeys: [] }),
    mails: fc.array(mail, { maxLength: 3 }),
    tags: fc.array(word, { maxLength: 3 }),
    custom: fc.record(
      {
        level: fc.oneof(size, word, fc.boolean()),
        team: fc.record({ lead: word }),
        marks: fc.array(word, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

export const randomDocument: fc.Arbitrary<Document> = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.constantFrom('north', 'south'), content)
  .map(([number, org, values]) => ({ ...values, id: `thing-${number}`, tenant: 'acme', org }) as Document);

const textPath = fc.constantFrom(
  'name',
  'code',
  'mails.value',
  'mails.type',
  'tags',
  'custom.team.lead',
  'custom.marks',
  'custom.level',
);
const anyPath = fc.oneof(textPath, fc.constantFrom('size', 'active', 'meta.made', 'mails.primary'));
const scalar = fc.oneof(word, size, fc.boolean(), instant);
const needle = fc.oneof(word, fc.constantFrom('nna', 'ann', 'ss', 'fin', 'nab', '本'));

const comparison = (path: fc.Arbitrary<string>, texts: fc.Arbitrary<string>): fc.Arbitrary<Filter> =>
  fc.oneof(
    fc.record({ op: fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'), path, value: scalar }),
    fc.record({ op: fc.constant('in'), path, values: fc.array(scalar, { maxLength: 3 }) }),
    fc.record({ op: fc.constantFrom('prefix', 'suffix', 'contains'), path: texts, value: needle }),
    fc.record({ op: fc.constant('present'), path }),
  );

const tree = (leaf: fc.Arbitrary<Filter>, depth: number): fc.Arbitrary<Filter> => {
  if (depth === 0) return leaf;
  const inner = tree(leaf, depth - 1);
  return fc.oneof(
    leaf,
    fc.record({ op: fc.constantFrom('and', 'or'), filters: fc.array(inner, { maxLength: 3 }) }),
    fc.record({ op: fc.constant('not'), filter: inner }),
  );
};

const element = tree(comparison(fc.constantFrom('value', 'type', 'primary'), fc.constantFrom('value', 'type')), 1);

export const randomFilter: fc.Arbitrary<Filter> = tree(
  fc.oneof(
    { weight: 5, arbitrary: comparison(anyPath, textPath) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('any'), path: fc.constant('mails'), filter: element }) },
  ),
  2,
);

const randomSort: fc.Arbitrary<Sort> = fc.record({
  path: anyPath,
  direction: fc.constantFrom('ascending', 'descending'),
});

export const randomQuery: fc.Arbitrary<Query> = fc
  .tuple(
    fc.option(randomFilter, { nil: undefined }),
    fc.option(randomSort, { nil: undefined }),
    fc.boolean(),
    fc.integer({ min: 1, max: 7 }),
  )
  .map(([filter, sort, isScoped, limit]) => ({
    collection: thingCollection.name,
    tenant: 'acme',
    ...(isScoped ? { org: 'north' } : {}),
    ...(filter === undefined ? {} : { filter }),
    ...(sort === undefined ? {} : { sort }),
    limit,
    total: true,
  }));
