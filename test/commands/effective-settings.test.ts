import { afterEach, describe, expect, it } from 'vitest';
import { systemCaller } from '../../commands/bootstrap.ts';
import type { Kernel } from '../../commands/kernel.ts';
import { execute } from '../../commands/pipeline.ts';
import { configureConnectors, revertConnector } from '../../commands/settings/change-settings.ts';
import { effectiveSettings } from '../../commands/settings/effective-settings.ts';
import { type OrgId, SUPER_ORG_ID } from '../../domain/ids.ts';
import { asking, openSetUpKernel, type TestKernel } from '../support/kernel.ts';
import { setSettings } from '../support/settings.ts';

const COUNT = 'passwordHistory.count';
let opened: TestKernel | null = null;

afterEach(async () => {
  await opened?.close();
  opened = null;
});

async function open(): Promise<Kernel> {
  opened = await openSetUpKernel();
  return opened.kernel;
}

/** An organization below another, as the log has it. */
async function below(kernel: Kernel, parent: string): Promise<OrgId> {
  const id = kernel.uuid() as OrgId;
  const fact = {
    type: 'org.organization.created.v1',
    data: { kind: 'sub', parent, handle: id, name: 'Below', owner: null, administratorRole: 'r' },
  };
  const meta = { $correlationId: id, $causationId: id, at: new Date().toISOString(), tenant: SUPER_ORG_ID, org: id };
  await kernel.store.append(`org-${id}`, 'no-stream', await kernel.codec.encode([{ id: kernel.uuid(), fact, meta }]));
  return id;
}

const countIn = async (kernel: Kernel, org: string) =>
  (await effectiveSettings(kernel, { tenant: SUPER_ORG_ID, org })).value(COUNT);

async function setIn(kernel: Kernel, org: OrgId, value: string): Promise<void> {
  const caller = { ...systemCaller(SUPER_ORG_ID as never, 'test'), org };
  const input = { organizationId: org, connectors: [{ connector: 'passwordHistory', set: { [COUNT]: value } }] };
  const outcome = await execute(kernel, configureConnectors, input, asking({ caller }));
  if (!outcome.ok) throw new Error(outcome.refusal.reason);
}

describe('[U13-6] the settings that count', () => {
  it('come from the nearest organization that has them, at once when one above changes', async () => {
    const kernel = await open();
    const child = await below(kernel, SUPER_ORG_ID);
    const grandchild = await below(kernel, child);
    expect(await countIn(kernel, grandchild)).toEqual({ value: '5', source: { kind: 'default' } });
    await setSettings(kernel, 'passwordHistory', { [COUNT]: '7' });
    expect(await countIn(kernel, SUPER_ORG_ID)).toEqual({ value: '7', source: { kind: 'own' } });
    expect(await countIn(kernel, grandchild)).toEqual({
      value: '7',
      source: { kind: 'inherited', from: SUPER_ORG_ID },
    });
    await setIn(kernel, child, '3');
    expect(await countIn(kernel, grandchild)).toEqual({ value: '3', source: { kind: 'inherited', from: child } });
    await setSettings(kernel, 'passwordHistory', { [COUNT]: '9' });
    expect([(await countIn(kernel, child)).value, (await countIn(kernel, SUPER_ORG_ID)).value]).toEqual(['3', '9']);

    const caller = { ...systemCaller(SUPER_ORG_ID as never, 'test'), org: child };
    const input = { organizationId: child, connector: 'passwordHistory', settings: [COUNT] };
    await execute(kernel, revertConnector, input, asking({ caller }));
    expect(await countIn(kernel, grandchild)).toEqual({
      value: '9',
      source: { kind: 'inherited', from: SUPER_ORG_ID },
    });
  });

  it('are one look-up for an organization, however many are asked for', async () => {
    const kernel = await open();
    await setSettings(kernel, 'passwordHistory', { [COUNT]: '7' });
    let reads = 0;
    const aggregates: Kernel['aggregates'] = {
      ...kernel.aggregates,
      load: (...given) => {
        reads += 1;
        return kernel.aggregates.load(...given);
      },
    };
    const counted = { ...kernel, aggregates };
    const settings = await effectiveSettings(counted, { tenant: SUPER_ORG_ID, org: SUPER_ORG_ID });
    for (let index = 0; index < 100; index += 1) settings.value(COUNT);
    expect(reads).toBe(1);
    expect(await effectiveSettings(counted, { tenant: SUPER_ORG_ID, org: SUPER_ORG_ID })).toBe(settings);
  });

  it('[SEC-B1] are set for no organization but the caller’s own', async () => {
    const kernel = await open();
    const other = await below(kernel, SUPER_ORG_ID);
    const input = { organizationId: other, connectors: [{ connector: 'passwordHistory', set: { [COUNT]: '1' } }] };
    expect(await execute(kernel, configureConnectors, input, asking())).toEqual({
      ok: false,
      refusal: { reason: 'organization-not-found' },
    });
    expect((await kernel.store.streamInfo(`policy-${other}`)).state).toBe('absent');
  });
});
