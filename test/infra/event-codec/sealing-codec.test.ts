import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { EventMeta, Fact } from '../../../domain/event.ts';
import { defineEvent, personal, plain } from '../../../domain/event-schema.ts';
import type { JsonObject } from '../../../domain/json.ts';
import { EnvelopeUnreadable } from '../../../infra/event-codec/envelope.ts';
import type { EventToEncode } from '../../../infra/event-codec/event-codec.ts';
import { createEventCodec } from '../../../infra/event-codec/sealing-codec.ts';
import type { Upcaster } from '../../../infra/event-codec/upcaster.ts';
import type { NewEvent, RecordedEvent } from '../../../infra/event-store/event-store.ts';
import { vaultOfKeys } from './vault-of-keys.ts';

const SUBJECT = '3b9f1c52-53d3-4f7e-9d6a-0a4f5f1c2b11';
const ACTOR = '5a0d7c11-aa10-47a3-8f0e-6b8f0d3f7c22';
const EVENT = '0199f0aa-0000-7000-8000-000000000001';

const text = plain(z.string());
const name = personal(z.string());
const definitions = [
  defineEvent('test.person.named.v1', z.object({ fullName: name })),
  defineEvent('test.person.named.v2', z.object({ given: name, family: name.nullable() })),
  defineEvent(
    'test.person.moved.v1',
    z.object({
      address: z.object({ street: name, country: text }).optional(),
      'a/b~c': personal(z.array(z.record(text, z.union([text, z.number()])))).optional(),
      reason: text,
    }),
  ),
  defineEvent('test.thing.changed.v1', z.object({ to: text })),
  defineEvent('test.thing.renamed.v1', z.object({ to: text })),
  defineEvent('test.thing.gone.v1', z.object({})),
];
const catalogue = new Map(definitions.map((definition) => [definition.type, definition]));

const meta = (more: Partial<EventMeta> = {}): EventMeta => ({
  $correlationId: 'c',
  $causationId: 'c',
  at: '2026-01-02T03:04:05.678Z',
  subject: SUBJECT,
  ...more,
});
const toEncode = (type: string, data: JsonObject, more: Partial<EventToEncode> = {}): EventToEncode => ({
  id: EVENT,
  fact: { type, data },
  meta: meta(),
  ...more,
});
const named = toEncode('test.person.named.v2', { given: 'Ada', family: 'Lovelace' });

function recorded(event: NewEvent, more: Partial<RecordedEvent> = {}): RecordedEvent {
  const place = { stream: 'user-1', revision: 7n, position: { commit: 9n, prepare: 9n }, recordedAt: new Date(0) };
  return { ...(JSON.parse(JSON.stringify(event)) as NewEvent), ...place, ...more };
}
function codecWith(upcasters: readonly Upcaster[] = [], vault = vaultOfKeys([SUBJECT, ACTOR])) {
  const codec = createEventCodec({ vault, catalogue, upcasters });
  return {
    codec,
    vault,
    encodeOne: async (event: EventToEncode) => (await codec.encode([event]))[0] as NewEvent,
    decodeOne: async (event: RecordedEvent) => (await codec.decode([event]))[0],
  };
}

describe('sealing events', () => {
  it('puts an envelope in place of each personal value and says so in the metadata', async () => {
    const { encodeOne } = codecWith();
    const { data, meta: sealedMeta } = await encodeOne(named);
    const b64u = expect.stringMatching(/^[A-Za-z0-9_-]+$/);
    expect(data).toEqual({
      given: { $enc: '1', k: SUBJECT, n: b64u, c: b64u },
      family: { $enc: '1', k: SUBJECT, n: b64u, c: b64u },
    });
    expect(sealedMeta.enc).toBe('1');
    expect(JSON.stringify(data)).not.toContain('Ada');
  });

  it('opens to what was sealed, with the place in the log', async () => {
    const { encodeOne, decodeOne } = codecWith();
    expect(await decodeOne(recorded(await encodeOne(named)))).toEqual({
      id: EVENT,
      type: 'test.person.named.v2',
      data: { given: 'Ada', family: 'Lovelace' },
      meta: meta({ enc: '1' }),
      stream: 'user-1',
      revision: 7n,
      position: { commit: 9n, prepare: 9n },
      erased: false,
    });
  });

  it('seals null, so that whether a value is there stays unknown', async () => {
    const { encodeOne, decodeOne } = codecWith();
    const sealed = await encodeOne(toEncode('test.person.named.v2', { given: 'Ada', family: null }));
    expect(sealed.data.family).toHaveProperty('$enc');
    expect((await decodeOne(recorded(sealed)))?.data).toEqual({ given: 'Ada', family: null });
  });

  it('seals nested, listed and awkwardly named values, and leaves what is plain in its place and order', async () => {
    const { encodeOne, decodeOne } = codecWith();
    const data = { address: { street: 'Ockham', country: 'UK' }, 'a/b~c': [{ x: 'y', n: 1 }], reason: 'work' };
    const sealed = await encodeOne(toEncode('test.person.moved.v1', data));
    expect(sealed.data).toMatchObject({
      address: { street: { $enc: '1' }, country: 'UK' },
      'a/b~c': { $enc: '1' },
      reason: 'work',
    });
    expect(Object.keys(sealed.data)).toEqual(Object.keys(data));
    expect((await decodeOne(recorded(sealed)))?.data).toEqual(data);
  });

  it('leaves absent values absent, needs no key then, and does not change what it was given', async () => {
    const { encodeOne, decodeOne } = codecWith();
    const data = Object.freeze({ reason: 'work' });
    const sealed = await encodeOne(toEncode('test.person.moved.v1', data));
    expect(sealed.data).toEqual({ reason: 'work' });
    expect(sealed.meta).not.toHaveProperty('enc');
    expect((await decodeOne(recorded(sealed)))?.data).toEqual(data);
  });

  it('never repeats a nonce', async () => {
    const { codec } = codecWith();
    const sealed = await codec.encode(Array.from({ length: 2_000 }, () => named));
    const nonces = sealed.map(({ data }) => (data.given as { n: string }).n);
    expect(new Set(nonces).size).toBe(2_000);
  });

  it('asks for all keys of a batch at once, and for none where nothing is sealed', async () => {
    const { codec, vault } = codecWith();
    const source = { ip: '192.0.2.1', userAgent: null, subject: ACTOR };
    const sealed = await codec.encode([named, { ...named, source }, named]);
    expect(vault.lookUps()).toBe(1);
    await codec.decode(sealed.map((event) => recorded(event)));
    expect(vault.lookUps()).toBe(2);
    await codec.decode([
      recorded(await codec.encode([toEncode('test.thing.changed.v1', { to: 'x' })]).then(([e]) => e as NewEvent)),
    ]);
    expect(vault.lookUps()).toBe(2);
  });

  it('refuses a type outside the catalogue, a retired type, and personal values of nobody', async () => {
    const { encodeOne } = codecWith([{ from: 'test.person.named.v1', lift: () => [] }]);
    await expect(encodeOne(toEncode('test.unknown.type.v1', {}))).rejects.toThrow('not in the catalogue');
    await expect(encodeOne(toEncode('test.person.named.v1', { fullName: 'A' }))).rejects.toThrow('retired');
    const { subject: _, ...nobody } = meta();
    await expect(encodeOne({ ...named, meta: nobody })).rejects.toThrow('meta.subject');
  });

  it('refuses to seal with a key that was never made or was destroyed', async () => {
    const { encodeOne, vault } = codecWith();
    await expect(encodeOne({ ...named, meta: meta({ subject: 'stranger' }) })).rejects.toThrow('no data key');
    vault.destroy(SUBJECT);
    await expect(encodeOne(named)).rejects.toThrow('erased');
  });
});

describe('opening events', () => {
  const flipped = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
  const given = (event: NewEvent) => event.data.given as { $enc: string; k: string; n: string; c: string };

  it.each<[string, (event: NewEvent) => Partial<NewEvent>]>([
    [
      'changed ciphertext',
      (event) => ({ data: { ...event.data, given: { ...given(event), c: flipped(given(event).c) } } }),
    ],
    [
      'a changed nonce',
      (event) => ({ data: { ...event.data, given: { ...given(event), n: flipped(given(event).n) } } }),
    ],
    ['a truncated ciphertext', (event) => ({ data: { ...event.data, given: { ...given(event), c: 'AAAA' } } })],
    ['another key id', (event) => ({ data: { ...event.data, given: { ...given(event), k: ACTOR } } })],
    [
      'a key id that never existed',
      (event) => ({ data: { ...event.data, given: { ...given(event), k: 'stranger' } } }),
    ],
    ['another version', (event) => ({ data: { ...event.data, given: { ...given(event), $enc: '2' } } })],
    ['the value of another field', (event) => ({ data: { ...event.data, given: event.data.family ?? null } })],
    ['a clear value', (event) => ({ data: { ...event.data, given: 'Eve' } })],
  ])('with %s is a fault that names event and place, not an erasure', async (_, damage) => {
    const { encodeOne, decodeOne } = codecWith();
    const sealed = await encodeOne(named);
    const error = await decodeOne(recorded({ ...sealed, ...damage(sealed) })).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(EnvelopeUnreadable);
    expect(error).toMatchObject({ event: EVENT, pointer: '/given', message: expect.stringContaining(`${EVENT}`) });
  });

  it('refuses a value that was moved from another event', async () => {
    const { encodeOne, decodeOne } = codecWith();
    const sealed = await encodeOne(named);
    await expect(decodeOne(recorded(sealed, { id: 'another' }))).rejects.toThrow(EnvelopeUnreadable);
  });

  it('[E40] leaves the values of an erased subject absent, says erased, and opens the others', async () => {
    const { codec, vault } = codecWith();
    const other = { ...named, meta: meta({ subject: ACTOR }) };
    const sealed = await codec.encode([
      toEncode('test.person.moved.v1', { address: { street: 'S', country: 'UK' }, reason: 'r' }),
      other,
    ]);
    vault.destroy(SUBJECT);
    const [erased, kept] = await codec.decode(sealed.map((event) => recorded(event)));
    expect(erased).toMatchObject({ data: { address: { country: 'UK' }, reason: 'r' }, erased: true });
    expect(erased?.data.address).not.toHaveProperty('street');
    expect(kept).toMatchObject({ data: { given: 'Ada' }, erased: false });
  });

  it('[E42] passes a type that it does not know unchanged, even one that looks sealed', async () => {
    const { decodeOne } = codecWith();
    const data = { $enc: '1', k: 'x', n: 'y', c: 'z' };
    const event = recorded({ id: EVENT, type: '$>', data, meta: meta({ enc: '1' }) });
    expect(await decodeOne(event)).toMatchObject({ type: '$>', data, erased: false });
  });

  it('never opens what stands in a plain field, whatever it looks like', async () => {
    const { encodeOne, decodeOne } = codecWith();
    const { data } = await encodeOne(named);
    const planted = recorded(await encodeOne(toEncode('test.thing.changed.v1', { to: data.given ?? null })));
    expect((await decodeOne(planted))?.data).toEqual({ to: data.given });
  });
});

describe('the source of a request', () => {
  const source = { ip: '192.0.2.1', userAgent: 'Browser/1.0 (x; y.z)', subject: ACTOR };

  it('travels sealed by the actor in one string of the metadata and opens again', async () => {
    const { codec, encodeOne, decodeOne } = codecWith();
    const sealed = await encodeOne({ ...named, source });
    expect(sealed.meta.source).toMatch(new RegExp(`^${ACTOR}\\.[A-Za-z0-9_-]{16}\\.[A-Za-z0-9_-]+$`));
    const event = await decodeOne(recorded(sealed));
    expect(event && (await codec.openSource(event))).toEqual({ ip: source.ip, userAgent: source.userAgent });
  });

  it('is null where there is none, and after the actor was erased', async () => {
    const { codec, encodeOne, vault } = codecWith();
    expect(await codec.openSource(await encodeOne(named))).toBeNull();
    const sealed = await encodeOne({ ...named, source });
    vault.destroy(ACTOR);
    expect(await codec.openSource(sealed)).toBeNull();
  });

  it('is left out when the actor is erased already', async () => {
    const { encodeOne, vault } = codecWith();
    vault.destroy(ACTOR);
    expect((await encodeOne({ ...named, source })).meta).not.toHaveProperty('source');
  });

  it.each(['x', 'a.b.c.d', `${ACTOR}.AAAA.AAAA`, 'stranger.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA'])(
    'is a fault when it is damaged: %s',
    async (damaged) => {
      const { codec, encodeOne } = codecWith();
      const sealed = await encodeOne({ ...named, source });
      const event = { ...sealed, meta: { ...sealed.meta, source: damaged } };
      await expect(codec.openSource(event)).rejects.toThrow(EnvelopeUnreadable);
    },
  );
});

describe('lifting old versions', () => {
  const lift = (from: string, body: (fact: Fact, meta: EventMeta) => readonly Fact[]): Upcaster => ({
    from,
    lift: body,
  });
  const stored = (type: string, data: JsonObject) => recorded({ id: EVENT, type, data, meta: meta() });

  it('opens by the stored type and gives the newest', async () => {
    const toEncodeV1 = toEncode('test.person.named.v1', { fullName: 'Ada Lovelace' });
    const sealed = await codecWith().encodeOne(toEncodeV1);
    const { decodeOne } = codecWith([
      lift('test.person.named.v1', ({ data }) => [
        { type: 'test.person.named.v2', data: { given: data.fullName ?? null, family: null } },
      ]),
    ]);
    expect(await decodeOne(recorded(sealed))).toMatchObject({
      type: 'test.person.named.v2',
      data: { given: 'Ada Lovelace', family: null },
      revision: 7n,
      erased: false,
    });
  });

  it('goes through several versions and a split, in order, at one position', async () => {
    const { codec } = codecWith([
      lift('test.thing.changed.v1', ({ data }) => [
        { type: 'test.thing.renamed.v1', data },
        { type: 'test.thing.changed.v2', data: { part: 2 } },
      ]),
      lift('test.thing.renamed.v1', ({ data }, { at }) => [{ type: 'test.thing.renamed.v2', data: { ...data, at } }]),
    ]);
    const events = await codec.decode([stored('test.thing.changed.v1', { to: 'x' }), stored('test.thing.gone.v1', {})]);
    expect(events.map(({ type, data, position }) => [type, data, position.commit])).toEqual([
      ['test.thing.renamed.v2', { to: 'x', at: meta().at }, 9n],
      ['test.thing.changed.v2', { part: 2 }, 9n],
      ['test.thing.gone.v1', {}, 9n],
    ]);
  });

  it('drops a type that was retired without a successor', async () => {
    const { codec } = codecWith([lift('test.thing.gone.v1', () => [])]);
    expect(await codec.decode([stored('test.thing.gone.v1', {})])).toEqual([]);
  });

  it('refuses upcasters that no event can pass: without a schema, or two of one type', () => {
    expect(() => codecWith([lift('test.no.schema.v1', () => [])])).toThrow('no schema');
    expect(() => codecWith([lift('test.thing.gone.v1', () => []), lift('test.thing.gone.v1', () => [])])).toThrow(
      'two',
    );
  });

  it('ends upcasters that go in a circle with a fault', async () => {
    const { codec } = codecWith([
      lift('test.thing.changed.v1', ({ data }) => [{ type: 'test.thing.renamed.v1', data }]),
      lift('test.thing.renamed.v1', ({ data }) => [{ type: 'test.thing.changed.v1', data }]),
    ]);
    await expect(codec.decode([stored('test.thing.changed.v1', {})])).rejects.toThrow('never end');
  });
});

it('a type that is personal as a whole cannot be in the catalogue', () => {
  const whole = defineEvent('test.whole.person.v1', personal(z.object({ name: z.string() })));
  expect(() => createEventCodec({ vault: vaultOfKeys(), catalogue: new Map([[whole.type, whole]]) })).toThrow(
    'mark its fields',
  );
});
