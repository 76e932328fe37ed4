/**
 * The catalogue's form: each event type has a schema that says of every string whether it describes a person.
 *
 * A value that describes a person is declared `personal(...)` and travels sealed by its subject's key. Every other
 * string is declared `plain(...)`: a claim that it is not personal. A test walks all schemas and fails on a string
 * with neither mark.
 */
import { z } from 'zod';
import type { EventMark } from './event-marks.ts';

const marks = new WeakMap<z.ZodType, 'personal' | 'plain'>();

/** Sealed as a whole, whatever its shape. Not inside arrays or records: seal the array or record itself. */
export function personal<Schema extends z.ZodType>(schema: Schema): Schema {
  return marked(schema, 'personal');
}

/** Not personal: ids, codes, times, configuration. */
export function plain<Schema extends z.ZodType>(schema: Schema): Schema {
  return marked(schema, 'plain');
}

/** A schema object used in two places has one mark: a second one would change the first place unseen. */
function marked<Schema extends z.ZodType>(schema: Schema, mark: 'personal' | 'plain'): Schema {
  const former = marks.get(schema) ?? mark;
  if (former !== mark) throw new TypeError(`a schema marked ${former} cannot be marked ${mark}: make another`);
  marks.set(schema, mark);
  return schema;
}

export const markOf = (schema: z.ZodType): 'personal' | 'plain' | null => marks.get(schema) ?? null;

export interface EventDefinition<Type extends string = string, Schema extends z.ZodType = z.ZodType> extends EventMark {
  readonly type: Type;
  readonly schema: Schema;
}

export function defineEvent<const Type extends string, Schema extends z.ZodType>(
  type: Type,
  schema: Schema,
): EventDefinition<Type, Schema> {
  return { type, schema, sealed: personalPaths(schema) };
}

/** The union of event types that a set of definitions stands for. */
export type EventOf<Definitions extends readonly EventDefinition[]> = {
  [Index in keyof Definitions]: Definitions[Index] extends EventDefinition<infer Type, infer Schema>
    ? { readonly type: Type; readonly data: Readonly<z.output<Schema>> }
    : never;
}[number];

function personalPaths(schema: z.ZodType, path: readonly string[] = []): readonly (readonly string[])[] {
  if (markOf(schema) === 'personal') return [path];
  const inner = unwrapped(schema);
  if (inner !== schema) return personalPaths(inner, path);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([key, field]) => personalPaths(field as z.ZodType, [...path, key]));
}

function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodReadonly) {
    return schema.unwrap() as z.ZodType;
  }
  if (schema instanceof z.ZodExactOptional) {
    return schema.unwrap() as z.ZodType;
  }
  return schema;
}
