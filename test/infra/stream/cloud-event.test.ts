import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { asCloudEvent, fromCloudEvent } from '../../../infra/stream/cloud-event.ts';
import { goldenEvent, goldenTypes } from '../event-codec/golden-files.ts';

const DOCUMENT = new URL('../../../docs/streaming.md', import.meta.url);
const LOG = '6f0c1f5e-5f5e-4a55-9b0e-3f1c0d4f2a10';

const recorded = async (type: string) => ({
  ...(await goldenEvent(type)),
  stream: 'user-3b9f1c52-53d3-4f7e-9d6a-0a4f5f1c2b11',
  revision: 4n,
  position: { commit: 1_042n, prepare: 1_042n },
  recordedAt: new Date('2026-01-02T03:04:05.681Z'),
});

describe('an event as it leaves', () => {
  it('comes back as it was, but for what stays at home', async () => {
    for (const type of await goldenTypes()) {
      const event = await recorded(type);
      const { source, ...meta } = event.meta;
      expect(source).toBeDefined();
      const text = JSON.stringify(asCloudEvent(event, LOG));
      expect(text).not.toContain(source);
      expect(fromCloudEvent(text)).toEqual({ log: LOG, event: { ...event, meta } });
    }
  });

  it('names its attributes as CloudEvents 1.0 wants them: small letters and digits, at most 20', async () => {
    const [type = ''] = await goldenTypes();
    const event = await recorded(type);
    const more = { actorChain: 'a b', trace: '0af7651916cd43dd8448eb211c80319c', command: 'CreateUser' };
    for (const name of Object.keys(asCloudEvent({ ...event, meta: { ...event.meta, ...more } }, LOG))) {
      expect(name).toMatch(/^[a-z0-9]{1,20}$/);
    }
  });

  it('is no event of ours when it is anything else', () => {
    for (const text of ['', '{', '[]', '{"specversion":"1.0","id":"1","source":"/orders","type":"order.placed"}']) {
      expect(fromCloudEvent(text)).toBeNull();
    }
  });

  it('looks as the document shows it', async () => {
    const [, example = ''] = /```json\n([\s\S]+?)```/.exec(await readFile(DOCUMENT, 'utf8')) ?? [];
    const carried = fromCloudEvent(example);
    if (carried === null) throw new Error('the example is no event');
    expect(asCloudEvent(carried.event, carried.log)).toEqual(JSON.parse(example));
  });
});
