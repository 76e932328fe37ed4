import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventsQuery, run, writeEvents } from '../../cli/events.ts';
import { execute } from '../../commands/pipeline.ts';
import { createUser } from '../../commands/users/create-user.ts';
import { eraseUser } from '../../commands/users/delete-user.ts';
import { eventually } from '../support/event-store.ts';
import { asking, openSetUpKernel, type TestKernel } from '../support/kernel.ts';
import { capturedOutput } from './captured-output.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const HOUR_MS = 3_600_000;

let nowMs = START_MS;
let opened: TestKernel;

beforeEach(async () => {
  nowMs = START_MS;
  opened = await openSetUpKernel({ clock: () => nowMs });
});

afterEach(() => opened.close());

async function newUser(userName: string): Promise<string> {
  const made = await execute(opened.kernel, createUser, { userName, attributes: {} }, asking());
  if (!made.ok) throw new Error(JSON.stringify(made.refusal));
  return made.value.id;
}

const everything: EventsQuery = {
  stream: null,
  typePrefix: null,
  sinceMs: null,
  untilMs: null,
  limit: null,
  follow: false,
  open: false,
  json: true,
};

async function listed(query: Partial<EventsQuery>): Promise<readonly Record<string, unknown>[]> {
  const output = capturedOutput();
  await writeEvents(opened.kernel, { ...everything, ...query }, output);
  return output.json();
}

describe('muniment events', () => {
  it('lists the whole log in its order', async () => {
    await newUser('kim');
    const events = await listed({});
    const positions = events.map(({ position }) => String(position));
    expect(positions).toEqual([...positions].sort());
    expect(events.map(({ type }) => type)).toContain('org.organization.created.v1');
  });

  it('lists one stream from its first event', async () => {
    const id = await newUser('kim');
    const events = await listed({ stream: `user-${id}` });
    expect(events.map(({ revision, type }) => [revision, type])).toEqual([['0', 'identity.user.created.v1']]);
  });

  it('lists a category of streams', async () => {
    const events = await listed({ stream: 'key-' });
    expect(events.length).toBeGreaterThan(0);
    expect(events.every(({ stream }) => String(stream).startsWith('key-'))).toBe(true);
  });

  it('lists types by prefix between two instants, the later one excluded', async () => {
    nowMs = START_MS + HOUR_MS;
    const first = await newUser('kim');
    nowMs = START_MS + 2 * HOUR_MS;
    await newUser('sam');
    const events = await listed({
      typePrefix: 'identity.user.',
      sinceMs: START_MS + HOUR_MS,
      untilMs: START_MS + 2 * HOUR_MS,
    });
    expect(events.map(({ stream }) => stream)).toEqual([`user-${first}`]);
  });

  it('stops at the limit', async () => {
    expect(await listed({ limit: 3 })).toHaveLength(3);
  });

  it('leaves personal values sealed unless it is asked to open them', async () => {
    const id = await newUser('kim.secretive');
    const stream = `user-${id}`;
    expect(JSON.stringify(await listed({ stream }))).not.toContain('kim.secretive');
    expect(JSON.stringify(await listed({ stream, open: true }))).toContain('kim.secretive');
  });

  it('says of what was erased that it was', async () => {
    const id = await newUser('kim');
    await execute(opened.kernel, eraseUser, { userId: id }, asking());
    await opened.kernel.vault.destroySubject(id);
    const [created] = await listed({ stream: `user-${id}`, open: true });
    expect(created).toMatchObject({ erased: true, type: 'identity.user.created.v1' });
    expect(JSON.stringify(created)).not.toContain('kim');
  });

  it('shows people one aligned line for each event, without Base64', async () => {
    const id = await newUser('kim');
    const output = capturedOutput();
    await writeEvents(opened.kernel, { ...everything, stream: `user-${id}`, json: false }, output);
    const [head = '', line = ''] = output.lines;
    expect(line.indexOf('identity.user.created.v1')).toBe(head.indexOf('TYPE'));
    expect(line).toMatch(/^2026-01-01T00:00:00\.000Z {2}user-/);
    expect(line).toContain('"userName":"(sealed)"');
  });

  it('follows the log until it is interrupted', async () => {
    const output = capturedOutput();
    const interrupted = new AbortController();
    const query = { ...everything, typePrefix: 'identity.user.created', follow: true };
    const following = writeEvents({ ...opened.kernel, signal: interrupted.signal }, query, output);
    await eventually(() => output.lines.length === 1);
    const id = await newUser('kim');
    await eventually(() => output.lines.length === 2);
    interrupted.abort();
    expect(await following).toBe(2);
    expect(output.json()[1]?.['stream']).toBe(`user-${id}`);
  });

  it.each([
    [['--since', 'yesterday'], /--since takes an instant/],
    [['--limit', '0'], /--limit takes a number from 1/],
    [['--stream', 'User 1'], /--stream takes a stream/],
    [['--sort', 'time'], /Unknown option '--sort'/],
  ])('refuses %j with a sentence and exit code 2', async (args, sentence) => {
    const { code, text } = await complaintOf(() => run(args));
    expect(code).toBe(2);
    expect(text).toMatch(sentence);
  });
});

async function complaintOf(work: () => Promise<number>): Promise<{ code: number; text: string }> {
  const written: string[] = [];
  const { write } = process.stderr;
  process.stderr.write = (text: string | Uint8Array) => written.push(String(text)) > 0;
  try {
    return { code: await work(), text: written.join('') };
  } finally {
    process.stderr.write = write;
  }
}
