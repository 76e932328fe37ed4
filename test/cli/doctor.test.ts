import { afterEach, describe, expect, it } from 'vitest';
import { examine, writeConfiguration } from '../../cli/doctor.ts';
import { changeApplication } from '../../commands/applications/change-application.ts';
import { createApplication } from '../../commands/applications/create-application.ts';
import { execute } from '../../commands/pipeline.ts';
import { createUser } from '../../commands/users/create-user.ts';
import { deleteUser, eraseUser } from '../../commands/users/delete-user.ts';
import type { EventStore, RecordedEvent } from '../../infra/event-store/event-store.ts';
import { GAP_FILLED } from '../../infra/event-store/log-copy/log-side.ts';
import { newEvents } from '../support/event-store.ts';
import { asking, openSetUpKernel, type TestKernel } from '../support/kernel.ts';
import { capturedOutput } from './captured-output.ts';

let opened: TestKernel | null = null;

afterEach(async () => {
  await opened?.close();
  opened = null;
});

async function kernelWithHistory(): Promise<TestKernel['kernel']> {
  opened = await openSetUpKernel();
  const { kernel } = opened;
  for (const userName of ['kim', 'sam', 'lee']) {
    const made = await execute(kernel, createUser, { userName, attributes: { displayName: userName } }, asking());
    if (!made.ok) throw new Error(`no user: ${JSON.stringify(made.refusal)}`);
    const { id } = made.value;
    if (userName === 'sam') await execute(kernel, deleteUser, { userId: id }, asking());
    if (userName === 'lee') await execute(kernel, eraseUser, { userId: id }, asking());
  }
  return kernel;
}

const quick = { readModels: null, json: true };

/** The same log, but every event passes `change` on its way out; null hides it. */
function seenThrough(store: EventStore, change: (event: RecordedEvent) => RecordedEvent | null): EventStore {
  return Object.assign(Object.create(store) as EventStore, {
    health: () => store.health(),
    async *readAll(options: Parameters<EventStore['readAll']>[0]) {
      for await (const event of store.readAll(options)) {
        const changed = change(event);
        if (changed !== null) yield changed;
      }
    },
  });
}

const findingsOf = (lines: readonly Record<string, unknown>[], check: string): string[] =>
  lines.filter((line) => line['check'] === check && 'detail' in line).map((line) => String(line['detail']));

describe('muniment doctor', () => {
  it('finds nothing in a log of created, deleted and erased users', async () => {
    const kernel = await kernelWithHistory();
    const output = capturedOutput();
    expect(await examine(kernel, quick, output)).toBe(0);
    expect(output.json().map(({ check, findings }) => [check, findings])).toEqual([
      ['log', 0],
      ['vault', 0],
      ['reservations', 0],
    ]);
    expect(output.json()[1]?.['seen']).toMatch(/, 1 erased$/);
  });

  it('finds a revision that is missing in a permanent stream', async () => {
    const kernel = await kernelWithHistory();
    const store = seenThrough(kernel.store, (event) => (event.type === 'identity.user.deleted.v1' ? null : event));
    const output = capturedOutput();
    expect(await examine({ ...kernel, store }, quick, output)).toBe(1);
    expect(findingsOf(output.json(), 'log')[0]).toMatch(/^stream user-\S+ goes on with revision 2 instead of 1$/);
  });

  it('finds positions that do not ascend', async () => {
    const kernel = await kernelWithHistory();
    const store = seenThrough(kernel.store, (event) => ({ ...event, position: { commit: 7n, prepare: 7n } }));
    const output = capturedOutput();
    expect(await examine({ ...kernel, store }, quick, output)).toBe(1);
    expect(findingsOf(output.json(), 'log')[0]).toMatch(/does not come after 0000000000000007\/0000000000000007$/);
  });

  it('names the event whose sealed value was tampered with, and goes on', async () => {
    const kernel = await kernelWithHistory();
    let tampered = '';
    const store = seenThrough(kernel.store, (event) => {
      if (event.type !== 'identity.user.created.v1' || tampered !== '') return event;
      tampered = event.id;
      const userName = { ...(event.data['userName'] as Record<string, string>), n: 'AAAAAAAAAAAAAAAA' };
      return { ...event, data: { ...event.data, userName } };
    });
    const output = capturedOutput();
    expect(await examine({ ...kernel, store }, quick, output)).toBe(1);
    const [finding] = findingsOf(output.json(), 'log');
    expect(finding).toContain(`event ${tampered} at `);
    expect(finding).toContain('does not open');
  });

  it('finds an event that does not have the form of its type', async () => {
    const kernel = await kernelWithHistory();
    const store = seenThrough(kernel.store, (event) =>
      event.type === 'org.organization.created.v1' ? { ...event, data: { ...event.data, kind: 'side' } } : event,
    );
    const output = capturedOutput();
    await examine({ ...kernel, store }, quick, output);
    expect(findingsOf(output.json(), 'log')[0]).toMatch(
      /does not have the form of org\.organization\.created\.v1 at kind/,
    );
  });

  it('knows what a move of the log puts in the place of events that were removed for their age', async () => {
    const kernel = await kernelWithHistory();
    await kernel.store.append('session-moved', 'no-stream', newEvents(3, { type: GAP_FILLED, data: {} }));
    const output = capturedOutput();
    expect(await examine(kernel, quick, output)).toBe(0);
  });

  it('finds a person without key', async () => {
    const kernel = await kernelWithHistory();
    const vault = Object.assign(Object.create(kernel.vault) as typeof kernel.vault, {
      health: () => kernel.vault.health(),
      blindIndex: (scope: string, value: string) => kernel.vault.blindIndex(scope, value),
      dataKeys: async () => new Map(),
    });
    const output = capturedOutput();
    expect(await examine({ ...kernel, vault }, quick, output)).toBe(1);
    expect(findingsOf(output.json(), 'vault')[0]).toMatch(/^subject \S+ stands in the log and has no key$/);
  });

  it('finds a user name whose reservation was given away', async () => {
    const kernel = await kernelWithHistory();
    const store = seenThrough(kernel.store, (event) =>
      event.stream.startsWith('unq-username') && event.type === 'uniqueness.value.claimed.v1'
        ? { ...event, data: { ...event.data, ownerStream: 'user-00000000-0000-4000-8000-000000000000' } }
        : event,
    );
    const output = capturedOutput();
    expect(await examine({ ...kernel, store }, quick, output)).toBe(1);
    const findings = findingsOf(output.json(), 'reservations');
    expect(findings.some((finding) => /^user-\S+ has a username that unq-\S+ gives to user-0/.test(finding))).toBe(
      true,
    );
    expect(findings.some((finding) => /has no event of claim/.test(finding))).toBe(true);
  });

  it('follows an application through its names', async () => {
    const kernel = await kernelWithHistory();
    const made = await execute(kernel, createApplication, { name: 'Ledger' }, asking());
    if (!made.ok) throw new Error(JSON.stringify(made.refusal));
    const renamed = await execute(
      kernel,
      changeApplication,
      { applicationId: made.value.id, name: 'Register' },
      asking(),
    );
    expect(renamed.ok).toBe(true);
    const output = capturedOutput();
    expect(await examine(kernel, quick, output)).toBe(0);
  });

  it('never prints a user name', async () => {
    const kernel = await kernelWithHistory();
    const store = seenThrough(kernel.store, (event) => (event.stream.startsWith('unq-') ? null : event));
    const output = capturedOutput();
    expect(await examine({ ...kernel, store }, { readModels: null, json: false }, output)).toBe(1);
    expect(output.lines.join('\n')).not.toMatch(/\bkim\b/);
  });

  it('shows the configuration, and of a secret only that it is set', async () => {
    const output = capturedOutput();
    await writeConfiguration({ MUNIMENT_ADMIN_PASSWORD: 'hush', MUNIMENT_PORT: '9443' }, true, output);
    const byName = new Map(output.json().map((line) => [line['name'], line['value']]));
    expect(byName.get('MUNIMENT_ADMIN_PASSWORD')).toBe('(set)');
    expect(byName.get('MUNIMENT_PORT')).toBe('9443');
    expect(output.lines.join('')).not.toContain('hush');
  });
});
