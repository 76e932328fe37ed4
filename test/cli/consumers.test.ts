import { describe, expect, it } from 'vitest';
import { CannotDo, UsageError } from '../../cli/command-line.ts';
import { consumersCommand, questionOf } from '../../cli/consumers.ts';
import type { ConsumerQuestion, ControlConsumer } from '../../cli/control-consumers.ts';
import { ControlRefused, NoServer } from '../../cli/control-socket.ts';
import { capturedOutput } from './captured-output.ts';

const position = '0000000000000010/0000000000000010';
const id = '0199f0aa-0000-7000-8000-000000000001';
const following: ControlConsumer = {
  name: 'webhooks',
  state: 'following',
  position,
  lagS: 0.25,
  detail: null,
  parkedStreams: 0,
  parked: [],
};
const head = {
  stream: 'user-1',
  position,
  id,
  type: 'identity.user.created.v1',
  attempts: 20,
  error: 'Error: the receiver is gone',
  nextAttemptMs: null,
  waiting: 3,
};
const parked: ControlConsumer = { ...following, parkedStreams: 1, parked: [head] };
const status = { question: { op: 'consumers.status' }, json: false } as const;

describe('muniment consumers', () => {
  it('shows name, state, lag, parked streams and position', async () => {
    const output = capturedOutput();
    expect(await consumersCommand(async () => [following], status, output)).toBe(0);
    expect(output.lines).toEqual([
      'NAME      STATE      LAG S  PARKED  POSITION',
      `webhooks  following  0.3    0       ${position}`,
    ]);
  });

  it('shows where a stream stands and why, what waits behind it, and what can be done; and fails', async () => {
    const output = capturedOutput();
    expect(await consumersCommand(async () => [parked], status, output)).toBe(1);
    const text = output.lines.join('\n');
    expect(text).toContain(
      `webhooks stands on user-1 at event ${id} (identity.user.created.v1) at ${position}: Error: the`,
    );
    expect(text).toContain('20 attempts, the next one not by itself; 3 events wait behind it');
    expect(text).toContain(`muniment consumers retry webhooks ${id}`);
  });

  it.each<[readonly string[], string | undefined, ConsumerQuestion]>([
    [[], undefined, { op: 'consumers.status' }],
    [['retry', 'webhooks'], undefined, { op: 'consumers.retry', name: 'webhooks', event: null }],
    [['retry', 'webhooks', id], undefined, { op: 'consumers.retry', name: 'webhooks', event: id }],
    [['skip', 'webhooks', id], 'gone', { op: 'consumers.skip', name: 'webhooks', event: id, reason: 'gone' }],
  ])('asks the server for what is wanted: %j %s', (positionals, reason, question) => {
    expect(questionOf(positionals, reason)).toEqual(question);
  });

  it.each<[readonly string[], string | undefined]>([
    [['skip', 'webhooks', id], undefined],
    [['skip', 'webhooks'], 'gone'],
    [['retry'], undefined],
    [['retry', 'webhooks', id], 'gone'],
    [['status', 'webhooks'], undefined],
    [['forget'], undefined],
  ])('refuses what cannot be meant: %j %s', (positionals, reason) => {
    expect(() => questionOf(positionals, reason)).toThrow(UsageError);
  });

  it('says in one sentence what the server refuses, and that none runs', async () => {
    for (const error of [new ControlRefused('there is no consumer x'), new NoServer('/data/control.sock')]) {
      const done = consumersCommand(() => Promise.reject(error), status, capturedOutput());
      await expect(done).rejects.toThrow(CannotDo);
    }
  });
});
