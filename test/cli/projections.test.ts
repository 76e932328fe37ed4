import { describe, expect, it } from 'vitest';
import { CannotDo } from '../../cli/command-line.ts';
import { type ControlQuestion, ControlRefused, type ControlStatus, NoServer } from '../../cli/control-socket.ts';
import { projectionsCommand } from '../../cli/projections.ts';
import { capturedOutput } from './captured-output.ts';

const position = '0000000000000010/0000000000000010';
const live: ControlStatus = { name: 'users', version: 2, state: 'live', position };
const parked: ControlStatus = {
  name: 'tenants',
  version: 1,
  state: 'parked',
  position,
  parked: { position, eventId: 'e1', eventType: 'org.organization.created.v2', error: 'newer than the handlers' },
};

/** A server that answers with one list after the other. */
function server(...answers: readonly (readonly ControlStatus[])[]) {
  const asked: ControlQuestion[] = [];
  return {
    asked,
    ask: async (question: ControlQuestion) => {
      const projections = answers[Math.min(asked.length, answers.length - 1)] ?? [];
      asked.push(question);
      return { projections };
    },
  };
}

const status = { action: 'status', name: '', json: false } as const;

describe('muniment projections', () => {
  it('shows name, version, state and position', async () => {
    const output = capturedOutput();
    expect(await projectionsCommand(server([live]).ask, status, output)).toBe(0);
    expect(output.lines).toEqual(['NAME   VERSION  STATE  POSITION', `users  2        live   ${position}`]);
  });

  it('shows event and error of a projection that stands, and fails', async () => {
    const output = capturedOutput();
    expect(await projectionsCommand(server([live, parked]).ask, status, output)).toBe(1);
    const text = output.lines.join('\n');
    expect(text).toContain(`tenants stands at event e1 (org.organization.created.v2) at ${position}: newer than`);
    expect(text).toContain('muniment projections retry tenants');
  });

  it('waits for the end of a rebuild', async () => {
    const rebuilding: ControlStatus = { ...live, state: 'rebuilding', progress: 0.5 };
    const { ask, asked } = server([rebuilding], [rebuilding], [live]);
    const output = capturedOutput();
    expect(await projectionsCommand(ask, { action: 'rebuild', name: 'users', json: true }, output)).toBe(0);
    expect(asked[0]).toEqual({ op: 'projections.rebuild', name: 'users' });
    expect(asked).toHaveLength(3);
    expect(output.json()).toEqual([live]);
  });

  it('says in one sentence that no server runs', async () => {
    const ask = () => Promise.reject(new NoServer('/data/control.sock'));
    const done = projectionsCommand(ask, status, capturedOutput());
    await expect(done).rejects.toThrow(CannotDo);
    await expect(done).rejects.toThrow(/no running server answers at \/data\/control\.sock/);
  });

  it('passes on why the server refused', async () => {
    const ask = () => Promise.reject(new ControlRefused('there is no projection user'));
    const done = projectionsCommand(ask, { action: 'rebuild', name: 'user', json: false }, capturedOutput());
    await expect(done).rejects.toThrow(new CannotDo('there is no projection user'));
  });
});
