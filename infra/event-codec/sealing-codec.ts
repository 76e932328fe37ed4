/** Seals and opens events by the catalogue's marks, and lifts old versions; see the port. */
import type { DomainEvent } from '../../domain/event.ts';
import type { EventMarks } from '../../domain/event-marks.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { NewEvent, RecordedEvent } from '../event-store/event-store.ts';
import type { DataKey, Vault } from '../vault/vault.ts';
import { ENVELOPE_VERSION, type Envelope, EnvelopeUnreadable, isEnvelope, open, seal } from './envelope.ts';
import type { EventCodec, EventToEncode, RequestSource } from './event-codec.ts';
import { createLifter } from './lifter.ts';
import { type SealedPlace, sealedPlaces, valueAt, withoutAt, withValueAt } from './sealed-places.ts';
import type { Upcaster } from './upcaster.ts';

const SOURCE_POINTER = '/meta/source';

export interface EventCodecOptions {
  readonly vault: Pick<Vault, 'dataKeys'>;
  /** Every type that is written, and every retired version that has an upcaster: its schema says what to open. */
  readonly catalogue: EventMarks;
  readonly upcasters?: readonly Upcaster[];
}

type Keys = ReadonlyMap<string, DataKey | 'destroyed'>;

export function createEventCodec({ vault, catalogue, upcasters = [] }: EventCodecOptions): EventCodec {
  const lifter = createLifter(upcasters, catalogue);
  const placesByType = new Map([...catalogue].map(([type, definition]) => [type, sealedPlaces(definition)]));

  function writablePlaces({ fact, meta }: EventToEncode): readonly SealedPlace[] {
    const places = placesByType.get(fact.type);
    if (places === undefined) throw new TypeError(`event type ${fact.type} is not in the catalogue`);
    if (lifter.isRetired(fact.type)) throw new TypeError(`event type ${fact.type} is retired and is only read`);
    if (places.length > 0 && meta.subject === undefined) {
      throw new TypeError(`event type ${fact.type} holds personal values and needs meta.subject`);
    }
    return places;
  }

  async function encode(events: readonly EventToEncode[]): Promise<readonly NewEvent[]> {
    const sealers = new Set<string>();
    const places = events.map((event) => {
      const own = writablePlaces(event);
      if (own.length > 0 && event.meta.subject !== undefined) sealers.add(event.meta.subject);
      if (event.source !== undefined) sealers.add(event.source.subject);
      return own;
    });
    const keys = await keysOf(sealers);
    return events.map((event, index) => encodeOne(event, places[index] ?? [], keys));
  }

  async function decode(events: readonly RecordedEvent[]): Promise<readonly DomainEvent[]> {
    const sealers = new Set<string>();
    for (const event of events) {
      for (const place of placesByType.get(event.type) ?? []) {
        const value = valueAt(event.data, place.path);
        if (value !== undefined) sealers.add(envelopeAt(event, place, value).k);
      }
    }
    const keys = await keysOf(sealers);
    const decoded: DomainEvent[] = [];
    for (const event of events) decodeOne(event, keys, decoded);
    return decoded;
  }

  function decodeOne(event: RecordedEvent, keys: Keys, decoded: DomainEvent[]): void {
    const { id, meta, stream, revision, position } = event;
    const { data, erased } = opened(event, placesByType.get(event.type) ?? [], keys);
    for (const fact of lifter.lift({ type: event.type, data }, meta)) {
      decoded.push({ id, type: fact.type, data: fact.data, meta, stream, revision, position, erased });
    }
  }

  async function openSource({
    id,
    type,
    meta,
  }: Pick<DomainEvent, 'id' | 'type' | 'meta'>): Promise<RequestSource | null> {
    if (meta.source === undefined) return null;
    const place = { event: id, type, pointer: SOURCE_POINTER };
    const [k, n, c, ...rest] = meta.source.split('.');
    if (k === undefined || n === undefined || c === undefined || rest.length > 0) {
      throw new EnvelopeUnreadable(place, 'malformed');
    }
    const key = (await keysOf(new Set([k]))).get(k);
    if (key === undefined) throw new EnvelopeUnreadable(place, 'its key never existed');
    if (key === 'destroyed') return null;
    return open({ $enc: ENVELOPE_VERSION, k, n, c }, key, place) as unknown as RequestSource;
  }

  const keysOf = async (subjects: ReadonlySet<string>): Promise<Keys> =>
    subjects.size === 0 ? NO_KEYS : await vault.dataKeys([...subjects]);

  return { encode, decode, openSource };
}

const NO_KEYS: Keys = new Map();

function encodeOne({ id, fact, meta, source }: EventToEncode, places: readonly SealedPlace[], keys: Keys): NewEvent {
  const { type } = fact;
  let data: JsonObject = fact.data;
  for (const { path, pointer } of places) {
    const value = valueAt(fact.data, path);
    if (value === undefined) continue;
    data = withValueAt(data, path, seal(value, sealingKey(keys, meta.subject ?? ''), { event: id, type, pointer }));
  }
  const isSealed = data !== fact.data;
  const sealedSource = source === undefined ? null : sealSource(id, type, { source, keys });
  return {
    id,
    type,
    data,
    meta: {
      ...meta,
      ...(isSealed && { enc: ENVELOPE_VERSION }),
      ...(sealedSource !== null && { source: sealedSource }),
    },
  };
}

function sealingKey(keys: Keys, subject: string): DataKey {
  const key = keys.get(subject);
  if (key === undefined) throw new Error(`subject ${subject} has no data key: it must be made before the first event`);
  if (key === 'destroyed') throw new Error(`subject ${subject} was erased: nothing can be sealed for it any more`);
  return key;
}

interface SourceToSeal {
  readonly source: NonNullable<EventToEncode['source']>;
  readonly keys: Keys;
}

/** Null when the actor was erased meanwhile: his address then needs no keeping. */
function sealSource(event: string, type: string, { source, keys }: SourceToSeal): string | null {
  if (keys.get(source.subject) === 'destroyed') return null;
  const { ip, userAgent } = source;
  const { k, n, c } = seal({ ip, userAgent }, sealingKey(keys, source.subject), {
    event,
    type,
    pointer: SOURCE_POINTER,
  });
  return `${k}.${n}.${c}`;
}

function opened(
  event: RecordedEvent,
  places: readonly SealedPlace[],
  keys: Keys,
): { readonly data: JsonObject; readonly erased: boolean } {
  let { data } = event;
  let erased = false;
  for (const place of places) {
    const value = valueAt(event.data, place.path);
    if (value === undefined) continue;
    const envelope = envelopeAt(event, place, value);
    const key = keys.get(envelope.k);
    if (key === undefined) throw new EnvelopeUnreadable(placeOf(event, place), 'its key never existed');
    if (key === 'destroyed') {
      data = withoutAt(data, place.path);
      erased = true;
      continue;
    }
    data = withValueAt(data, place.path, open(envelope, key, placeOf(event, place)));
  }
  return { data, erased };
}

function envelopeAt(event: RecordedEvent, place: SealedPlace, value: Json): Envelope {
  if (!isEnvelope(value)) throw new EnvelopeUnreadable(placeOf(event, place), 'not sealed');
  return value;
}

const placeOf = ({ id, type }: Pick<NewEvent, 'id' | 'type'>, { pointer }: SealedPlace) => ({
  event: id,
  type,
  pointer,
});
