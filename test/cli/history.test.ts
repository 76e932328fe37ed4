import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CannotDo, UsageError } from '../../cli/command-line.ts';
import { entityOf } from '../../cli/entity-argument.ts';
import { writeHistory } from '../../cli/history.ts';
import { momentOption, writeState } from '../../cli/replay.ts';
import { execute } from '../../commands/pipeline.ts';
import { changeUser } from '../../commands/users/change-user.ts';
import { createUser } from '../../commands/users/create-user.ts';
import { asking, openSetUpKernel, type TestKernel } from '../support/kernel.ts';
import { capturedOutput } from './captured-output.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const HOUR_MS = 3_600_000;

let nowMs = START_MS;
let opened: TestKernel;
let id = '';

/** Born at one, renamed at two. */
beforeEach(async () => {
  nowMs = START_MS;
  opened = await openSetUpKernel({ clock: () => nowMs });
  nowMs = START_MS + HOUR_MS;
  const source = { ip: '192.0.2.7', userAgent: 'curl/8' };
  const made = await execute(
    opened.kernel,
    createUser,
    { userName: 'kim', attributes: { displayName: 'Kim' } },
    asking({ source }),
  );
  if (!made.ok) throw new Error(JSON.stringify(made.refusal));
  id = made.value.id;
  nowMs = START_MS + 2 * HOUR_MS;
  const changed = await execute(opened.kernel, changeUser, { userId: id, set: { displayName: 'Kimberly' } }, asking());
  if (!changed.ok) throw new Error(JSON.stringify(changed.refusal));
});

afterEach(() => opened.close());

async function historyLines(json: boolean) {
  const output = capturedOutput();
  const entity = await entityOf(opened.kernel.store, id);
  await writeHistory(opened.kernel, { entity, json }, output);
  return output;
}

async function stateAt(at: string) {
  const output = capturedOutput();
  const entity = await entityOf(opened.kernel.store, `user-${id}`);
  const code = await writeState(opened.kernel, { entity, moment: momentOption(at), json: true }, output);
  return { code, state: output.json()[0]?.['state'] as { attributes: Record<string, unknown> } | null };
}

describe('muniment history', () => {
  it('tells who changed what, from what to what, and when', async () => {
    const { lines } = await historyLines(false);
    const text = lines.join('\n');
    expect(text).toContain('2026-01-01T01:00:00.000Z  identity.user.created.v1 (CreateUser)');
    expect(text).toContain('by       system test from 192.0.2.7 with curl/8');
    expect(text).toContain('change   /attributes/displayName: "Kim" → "Kimberly"');
  });

  it('gives machines one object for each event', async () => {
    const entries = (await historyLines(true)).json();
    expect(entries.map(({ revision, type }) => [revision, type])).toEqual([
      ['0', 'identity.user.created.v1'],
      ['1', 'identity.user.attributes_changed.v1'],
    ]);
    expect(entries[1]?.['changes']).toContainEqual({ path: '/attributes/displayName', from: 'Kim', to: 'Kimberly' });
  });

  it('keeps control characters of stored values away from the terminal', async () => {
    const set = { displayName: 'red\u001b[31m' };
    await execute(opened.kernel, changeUser, { userId: id, set }, asking());
    const { lines } = await historyLines(false);
    expect(lines.join('\n')).not.toContain('\u001b');
  });

  it('tells an entity that the log does not have from one that cannot be', async () => {
    const { store } = opened.kernel;
    await expect(entityOf(store, 'user-00000000-0000-4000-8000-000000000000')).rejects.toThrow(CannotDo);
    await expect(entityOf(store, 'kim')).rejects.toThrow(UsageError);
  });
});

describe('muniment replay', () => {
  it('gives the state at an instant', async () => {
    const { state } = await stateAt('2026-01-01T01:30:00Z');
    expect(state?.attributes).toEqual({ displayName: 'Kim' });
  });

  it('gives the state at a position of the log', async () => {
    const [first] = (await historyLines(true)).json();
    const { state } = await stateAt(String(first?.['position']));
    expect(state?.attributes).toEqual({ displayName: 'Kim' });
  });

  it('says when there was nothing yet', async () => {
    expect(await stateAt('2026-01-01T00:30:00Z')).toEqual({ code: 1, state: null });
  });

  it('shows people one line for each member', async () => {
    const output = capturedOutput();
    const entity = await entityOf(opened.kernel.store, id);
    await writeState(opened.kernel, { entity, moment: momentOption('2026-02-01T00:00:00Z'), json: false }, output);
    expect(output.lines[0]).toBe(`user-${id}, revision 1`);
    expect(output.lines.some((line) => /^ {2}userName +kim$/.test(line))).toBe(true);
  });

  it('takes nothing but an instant or a position', () => {
    expect(() => momentOption('last tuesday')).toThrow(UsageError);
  });
});
