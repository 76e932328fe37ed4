import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventCatalogue } from '../../../domain/catalogue.ts';
import { defineEvent, type EventDefinition, markOf, personal, plain } from '../../../domain/event-schema.ts';

/** Places of a schema whose strings nobody has judged, or whose personal values the codec would not seal. */
function faultsOf({ schema, sealed }: EventDefinition): readonly string[] {
  const reachable = new Set(sealed.map((path) => path.join('.')));
  return walk(schema, [], reachable);
}

const FREE_OF_TEXT = new Set(['number', 'int', 'boolean', 'null', 'undefined', 'enum', 'literal', 'void', 'never']);

function walk(schema: z.ZodType, path: readonly string[], reachable: ReadonlySet<string>): readonly string[] {
  const place = path.join('.');
  const mark = markOf(schema);
  if (mark === 'plain') return [];
  if (mark === 'personal') return reachable.has(place) ? [] : [`${place}: personal where it is not sealed`];
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, field]) => walk(field as z.ZodType, [...path, key], reachable));
  }
  const inner = partsOf(schema);
  if (inner !== null) return inner.flatMap(([step, part]) => walk(part, [...path, ...step], reachable));
  return FREE_OF_TEXT.has(schema.type) ? [] : [`${place}: ${schema.type} without a mark`];
}

/** Schemas inside a schema; a step in the path where the codec does not follow. Null: it has no parts. */
function partsOf(schema: z.ZodType): readonly (readonly [readonly string[], z.ZodType])[] | null {
  const same = (part: unknown) => [[[], part as z.ZodType]] as const;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodReadonly) {
    return same(schema.unwrap());
  }
  if (schema instanceof z.ZodExactOptional) return same(schema.unwrap());
  if (schema instanceof z.ZodArray) return [[['[]'], schema.element as z.ZodType]];
  if (schema instanceof z.ZodRecord) {
    return [
      [['{key}'], schema.keyType as z.ZodType],
      [['{}'], schema.valueType as z.ZodType],
    ];
  }
  if (schema instanceof z.ZodUnion) return schema.options.map((option) => [['|'], option as z.ZodType] as const);
  return null;
}

describe('the event catalogue', () => {
  it.each([...eventCatalogue])('says of every string in %s whether it describes a person', (_, definition) => {
    expect(faultsOf(definition)).toEqual([]);
  });

  it.each([...eventCatalogue])('names %s by the rule for event types', (type, definition) => {
    expect(type).toBe(definition.type);
    expect(type).toMatch(/^[a-z][a-z0-9]*(\.[a-z][a-z0-9_]*)+\.v[1-9][0-9]*$/);
  });
});

describe('the walk over an event schema', () => {
  const faults = (schema: z.ZodType) => faultsOf(defineEvent('test.walk.done.v1', schema));

  it('accepts marked strings, numbers, booleans, enums and literals', () => {
    const schema = z.object({
      a: plain(z.string()),
      b: personal(z.string()).nullable(),
      c: z.array(z.object({ d: plain(z.string()), n: z.number().int() })),
      e: z.enum(['x']),
      l: z.literal('y'),
      r: z.record(plain(z.string()), z.boolean()).optional(),
      p: personal(z.record(z.string(), z.unknown())),
    });
    expect(faults(schema)).toEqual([]);
  });

  it.each<[string, z.ZodType, string]>([
    ['a bare string', z.string(), 'f: string without a mark'],
    ['a string format', z.email(), 'f: string without a mark'],
    ['an optional string', z.string().optional(), 'f: string without a mark'],
    ['a string in an array', z.array(z.string()), 'f.[]: string without a mark'],
    ['a key of a record', z.record(z.string(), z.number()), 'f.{key}: string without a mark'],
    ['a value of a record', z.record(plain(z.string()), z.string()), 'f.{}: string without a mark'],
    ['one side of a union', z.union([z.number(), z.string()]), 'f.|: string without a mark'],
    ['anything at all', z.unknown(), 'f: unknown without a mark'],
    ['a personal value inside an array', z.array(personal(z.string())), 'f.[]: personal where it is not sealed'],
    [
      'a personal value inside a union',
      z.union([personal(z.string()), z.number()]),
      'f.|: personal where it is not sealed',
    ],
  ])('finds %s', (_, schema, fault) => {
    expect(faults(z.object({ f: schema }))).toEqual([fault]);
  });
});

it('a schema object cannot be plain in one event and personal in another', () => {
  const shared = plain(z.string());
  expect(plain(shared)).toBe(shared);
  expect(() => personal(shared)).toThrow('cannot be marked personal');
});
