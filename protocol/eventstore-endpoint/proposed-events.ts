/** Events as clients propose them, checked against the limits of a server. */

import type { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { AppendTooLarge } from '../../infra/event-store/errors.ts';
import type { NewStoredEvent } from '../../infra/event-store/stored-log.ts';
import { invalidArgument } from './wire-error.ts';
import { uuidText } from './wire-values.ts';

/** Data, metadata and twice the length of the type of all events of an append; the limit of EventStoreDB. */
export const WIRE_APPEND_BYTES_MAX = 1_048_576;

export interface ProposedMessage {
  getId(): UUID | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getCustomMetadata_asU8(): Uint8Array;
  getData_asU8(): Uint8Array;
}

export class ProposedEvents {
  readonly events: NewStoredEvent[] = [];
  #bytes = 0;

  /** Throws what refuses the append. */
  add(message: ProposedMessage): void {
    const type = message.getMetadataMap().get('type') ?? '';
    const contentType = message.getMetadataMap().get('content-type') ?? '';
    if (type === '' || contentType === '') throw invalidArgument('type and content-type are required');
    const [data, meta] = [message.getData_asU8(), message.getCustomMetadata_asU8()];
    this.#bytes += data.byteLength + meta.byteLength + 2 * type.length;
    if (this.#bytes > WIRE_APPEND_BYTES_MAX) throw new AppendTooLarge(WIRE_APPEND_BYTES_MAX, this.#bytes);
    const id = uuidText(message.getId());
    this.events.push({
      id,
      type,
      data: contentType === 'application/json' ? jsonText(data) : data,
      meta: textOr(meta),
    });
  }
}

export function jsonText(bytes: Uint8Array): string {
  const text = textOr(bytes);
  if (typeof text === 'string' && isJson(text)) return text;
  throw invalidArgument('the data of an event is no JSON');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOr(bytes: Uint8Array): string | Uint8Array {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return bytes;
    throw error;
  }
}
