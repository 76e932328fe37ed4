/** Appends to several streams, as the second version of the protocol asks for them, turned into one for the log. */
import { randomUUID } from 'node:crypto';
import type { AppendRecord } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/streams_pb.js';
import type { Expected } from '../../infra/event-store/event-store.ts';
import type { NewStoredEvent, StoredSession } from '../../infra/event-store/stored-log.ts';
import { jsonText, WIRE_APPEND_BYTES_MAX } from './proposed-events.ts';
import { recordTooLarge, streamAlreadyInSession, transactionTooLarge } from './records-error.ts';
import { invalidArgument } from './wire-error.ts';
import { UUID_TEXT } from './wire-values.ts';

/** Of one record: data, properties and twice the length of the type. */
export const WIRE_RECORD_BYTES_MAX = 1_048_576;

const FORMAT_JSON = 1;
/** Names of formats as the server writes them into the properties. */
const FORMATS = ['Unspecified', 'Json', 'Protobuf', 'Avro', 'Bytes'];
const SCHEMA_NAME = /^[\p{L}\p{N}_.$:-]+$/u;

interface Part {
  readonly stream: string;
  expected: Expected;
  readonly events: NewStoredEvent[];
}

/** Streams are told apart as the server does it: without regard to case. */
export class RecordSession {
  readonly #parts: Part[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #order: number[] = [];
  #bytes = 0;

  /** Throws where the stream was named before. */
  addStream(stream: string, expected: Expected): void {
    if (this.#indexes.has(stream.toLowerCase())) throw streamAlreadyInSession(stream);
    this.#part(stream).expected = expected;
  }

  /** Of a stream that is written, or that is only looked at. The last check of a stream counts. */
  check(stream: string, expected: Expected): number {
    this.#part(stream).expected = expected;
    return this.#indexes.get(stream.toLowerCase()) ?? 0;
  }

  add(stream: string, record: AppendRecord): void {
    const part = this.#part(stream);
    const event = eventOf(record);
    const size = Buffer.byteLength(event.data) + Buffer.byteLength(event.meta) + 2 * event.type.length;
    if (size > WIRE_RECORD_BYTES_MAX)
      throw recordTooLarge({ stream, recordId: event.id, size, max: WIRE_RECORD_BYTES_MAX });
    this.#bytes += size;
    if (this.#bytes > WIRE_APPEND_BYTES_MAX) throw transactionTooLarge(this.#bytes, WIRE_APPEND_BYTES_MAX);
    part.events.push(event);
    this.#order.push(this.#parts.indexOf(part));
  }

  finished(): StoredSession {
    if (this.#order.length === 0) throw invalidArgument('an append needs a record');
    return { parts: this.#parts, order: this.#order };
  }

  #part(stream: string): Part {
    const key = stream.toLowerCase();
    const known = this.#parts[this.#indexes.get(key) ?? -1];
    if (known !== undefined) return known;
    if (stream === '') throw invalidArgument('the name of the stream is missing');
    const part: Part = { stream, expected: 'any', events: [] };
    this.#indexes.set(key, this.#parts.push(part) - 1);
    return part;
  }
}

function eventOf(record: AppendRecord): NewStoredEvent {
  const schema = record.getSchema();
  const type = schema?.getName() ?? '';
  if (!SCHEMA_NAME.test(type)) throw invalidArgument('the name of the schema is missing, or has other characters');
  const id = record.hasRecordId() ? (record.getRecordId() ?? '').toLowerCase() : randomUUID();
  if (!UUID_TEXT.test(id)) throw invalidArgument('the id of a record must be a UUID');
  const data = record.getData_asU8();
  const format = schema?.getFormat() ?? 0;
  const properties = Object.fromEntries(
    record
      .getPropertiesMap()
      .toArray()
      .map(([key]) => [key, record.getPropertiesMap().get(key)?.toJavaScript() ?? null]),
  );
  if (format !== FORMAT_JSON) properties['$schema.format'] = FORMATS[format] ?? 'Unspecified';
  return { id, type, data: format === FORMAT_JSON ? jsonText(data) : data, meta: JSON.stringify(properties) };
}

const EXPECTED_NAMES: Readonly<Record<string, Expected>> = { '-1': 'no-stream', '-2': 'any', '-4': 'exists' };

export function expectedState(text: string): Expected {
  const named = EXPECTED_NAMES[text];
  if (named !== undefined) return named;
  const revision = BigInt(text);
  if (revision < 0n) throw invalidArgument(`${text} is no state that can be expected`);
  return revision;
}
