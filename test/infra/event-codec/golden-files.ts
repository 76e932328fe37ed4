/**
 * Golden files: one recorded event per type and version, as it was written in its day. They are never rewritten: what is in
 * somebody's log cannot be either. `scripts/golden.ts` writes those that are missing.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { eventCatalogue } from '../../../domain/catalogue.ts';
import type { EventMeta } from '../../../domain/event.ts';
import type { EventDefinition } from '../../../domain/event-schema.ts';
import type { Json, JsonObject } from '../../../domain/json.ts';
import { createEventCodec } from '../../../infra/event-codec/sealing-codec.ts';
import type { NewEvent } from '../../../infra/event-store/event-store.ts';
import { vaultOfKeys } from './vault-of-keys.ts';

const FOLDER = new URL('../../golden/', import.meta.url);

export const GOLDEN_ID = '0199f0aa-0000-7000-8000-000000000001';
export const GOLDEN_SUBJECT = '3b9f1c52-53d3-4f7e-9d6a-0a4f5f1c2b11';
export const GOLDEN_ACTOR = '5a0d7c11-aa10-47a3-8f0e-6b8f0d3f7c22';
const GOLDEN_ORG = '10084a8d-113f-4211-a0d5-efe36b082211';

const meta: EventMeta = {
  $correlationId: '0199f0aa-0000-7000-8000-00000000000c',
  $causationId: '0199f0aa-0000-7000-8000-00000000000d',
  at: '2026-01-02T03:04:05.678Z',
  tenant: GOLDEN_ORG,
  org: GOLDEN_ORG,
  actor: GOLDEN_ACTOR,
  actorType: 'user',
  subject: GOLDEN_SUBJECT,
};

export async function goldenTypes(): Promise<readonly string[]> {
  const files = await readdir(FOLDER);
  return files.map((file) => file.replace(/\.json$/, ''));
}

export async function goldenEvent(type: string): Promise<NewEvent> {
  return JSON.parse(await readFile(new URL(`${type}.json`, FOLDER), 'utf8')) as NewEvent;
}

/** Names of the types whose file it wrote. */
export async function writeMissingGoldenFiles(): Promise<readonly string[]> {
  await mkdir(FOLDER, { recursive: true });
  const known = new Set(await goldenTypes());
  const codec = createEventCodec({ vault: vaultOfKeys(), catalogue: eventCatalogue });
  const missing = [...eventCatalogue.values()].filter(({ type }) => !known.has(type));
  for (const definition of missing) {
    const fact = { type: definition.type, data: exampleData(definition) };
    const source = { ip: '192.0.2.7', userAgent: 'Example/1.0', subject: GOLDEN_ACTOR };
    const [event] = await codec.encode([{ id: GOLDEN_ID, fact, meta, source }]);
    await writeFile(new URL(`${definition.type}.json`, FOLDER), `${JSON.stringify(event, null, 2)}\n`, { flag: 'wx' });
  }
  return missing.map(({ type }) => type);
}

function exampleData({ type, schema }: EventDefinition): JsonObject {
  const data = example(schema) as JsonObject;
  const parsed = schema.safeParse(data);
  if (!parsed.success) throw new Error(`no example fits the schema of ${type}: ${parsed.error.message}`);
  return data;
}

const TEXTS = [
  'example',
  GOLDEN_SUBJECT,
  '2026-01-02T03:04:05.678Z',
  'https://example.org/path',
  'ada@example.org',
  '+44 20 7946 0000',
  '7',
];
const NUMBERS = [1, 0, 60, 3_600, 1_760_000_000_000];

/** Everything optional is there, so that the file shows all that a version can say. */
function example(schema: z.ZodType): Json {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodReadonly) {
    return example(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodExactOptional) return example(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.shape).map(([key, field]) => [key, example(field as z.ZodType)] as const);
    return Object.fromEntries(fields);
  }
  if (schema instanceof z.ZodArray) return [example(schema.element as z.ZodType)];
  if (schema instanceof z.ZodRecord) {
    return { [String(example(schema.keyType as z.ZodType))]: example(schema.valueType as z.ZodType) };
  }
  if (schema instanceof z.ZodUnion) return example(schema.options[0] as z.ZodType);
  if (schema instanceof z.ZodEnum) return schema.options[0] as Json;
  if (schema instanceof z.ZodLiteral) return schema.value as Json;
  if (schema instanceof z.ZodBoolean) return true;
  const candidates: readonly Json[] = [...TEXTS, ...NUMBERS];
  const fitting = candidates.find((candidate) => schema.safeParse(candidate).success);
  if (fitting === undefined) throw new Error(`no example fits a schema of type ${schema.type}`);
  return fitting;
}
