/** A small log vocabulary for tests of the projection engine: notes that are written, changed, removed, and erased. */
import { randomUUID } from 'node:crypto';
import type { DomainEvent } from '../../domain/event.ts';
import type { EventCodec } from '../../infra/event-codec/event-codec.ts';
import type { NewEvent } from '../../infra/event-store/event-store.ts';
import type { Write } from '../../infra/read-store/read-store.ts';
import type { Projection } from '../../projections/projection.ts';

export const NOTES = 'notes';

/** Values are not sealed in these tests: an event is itself. */
export const plainCodec: Pick<EventCodec, 'decode'> = {
  decode: async (events) => events.map((event) => ({ ...event, erased: false })),
};

export const noteEvent = (type: string, data: NewEvent['data'] = {}): NewEvent => {
  const id = randomUUID();
  return { id, type, data, meta: { $correlationId: id, $causationId: id, at: '2026-01-02T03:04:05.678Z' } };
};

export const written = (text: string): NewEvent => noteEvent('test.note.written.v1', { text });
export const changed = (text: string): NewEvent => noteEvent('test.note.changed.v1', { text });
export const removed = (): NewEvent => noteEvent('test.note.removed.v1');
export const erased = (): NewEvent => noteEvent('identity.user.erased.v1');

const idOf = (event: DomainEvent): string => event.stream.slice('note-'.length);
const remove = (event: DomainEvent): readonly Write[] => [{ kind: 'remove', collection: NOTES, id: idOf(event) }];

/** `poison` as a text is what the handlers cannot take. */
const textOf = (event: DomainEvent): string => {
  const { text } = event.data;
  if (typeof text !== 'string' || text === 'poison') throw new TypeError('the note has no text');
  return text;
};

export const notesProjection = (name = NOTES, version = 1): Projection => ({
  name,
  version,
  collections: [
    {
      name,
      fields: [
        { path: 'text', kind: 'text', contains: true },
        { path: 'words', kind: 'text', many: true, contains: true },
        { path: 'version', kind: 'number' },
      ],
      dynamic: { path: 'extra' },
    },
  ],
  handlers: new Map([
    [
      'test.note.written.v1',
      (event) => {
        const text = textOf(event);
        const document = {
          id: idOf(event),
          tenant: 't',
          org: 'o',
          text,
          words: text.split(' '),
          version,
          extra: { text },
        };
        return [{ kind: 'put', collection: name, document }];
      },
    ],
    [
      'test.note.changed.v1',
      (event) => {
        const text = textOf(event);
        const set = { text, words: text.split(' '), 'extra.text': text };
        return [{ kind: 'patch', collection: name, id: idOf(event), set }];
      },
    ],
    ['test.note.removed.v1', (event) => remove(event).map((write) => ({ ...write, collection: name }))],
    ['identity.user.erased.v1', (event) => remove(event).map((write) => ({ ...write, collection: name }))],
  ]),
});
