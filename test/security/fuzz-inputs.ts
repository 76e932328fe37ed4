/** What a fuzz is made of: how much of it, and texts that are nearly right or nothing like it. */
import fc from 'fast-check';

/** Inputs per surface; a night's run sets more. */
export const RUNS = Number(process.env['MUNIMENT_FUZZ_RUNS'] ?? 60);
/** The same inputs each time, so that a failure is met again; a night's run sets its own. */
export const SEED = Number(process.env['MUNIMENT_FUZZ_SEED'] ?? 20_260_101);
/** Milliseconds for one answer. */
export const ANSWER_MS_MAX = 3_000;
export const TEST_MS_MAX = 30_000 + RUNS * 100;

/** What parsers stumble over. */
export const FRAGMENTS = [
  ...['', '"', '\\', '\\u0000', '\u0000', '\ufeff', '%', '%00', '%zz', '%ff', '+', '&', '=', ';', ',', '..', '//', '@'],
  ...['(', ')', '[', ']', '{', '}', 'not', ' and ', ' or ', ' eq ', 'null', 'true', '-1', '1e999', '9'.repeat(400)],
  ...[
    '__proto__',
    'constructor',
    '$ref',
    'urn:',
    ':',
    '.',
    '\ud800',
    '😀',
    'ß',
    '\r\n',
    '((((',
    '[[[[',
    'A'.repeat(5_000),
  ],
];

type Edit = readonly [kind: number, at: number, length: number, fragment: string];

const edit: fc.Arbitrary<Edit> = fc.tuple(
  fc.nat(3),
  fc.nat(10_000),
  fc.nat(12),
  fc.oneof(fc.constantFrom(...FRAGMENTS), fc.string({ unit: 'binary', maxLength: 12 })),
);

function applied(text: string, [kind, at, length, fragment]: Edit): string {
  const place = text === '' ? 0 : at % text.length;
  if (kind === 0) return text.slice(0, place) + fragment + text.slice(place);
  if (kind === 1) return text.slice(0, place) + text.slice(place + length + 1);
  if (kind === 2) return text.slice(0, place) + fragment + text.slice(place + length);
  return text.slice(0, place) + text.slice(place, place + length).repeat(3) + text.slice(place);
}

/** Something valid with a few edits, or nothing like it. */
export const near = (...samples: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.constantFrom(...samples), fc.array(edit, { minLength: 1, maxLength: 4 }))
        .map(([text, edits]) => edits.reduce(applied, text)),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 8 }).map((parts) => parts.join('')) },
  );
