import { afterEach, describe, expect, it } from 'vitest';
import { createAggregates } from '../../commands/aggregates.ts';
import type { Kernel } from '../../commands/kernel.ts';
import { execute } from '../../commands/pipeline.ts';
import type { AnyCommand } from '../../commands/registry.ts';
import { configureConnectors } from '../../commands/settings/change-settings.ts';
import { setUserPassword, unlockUser } from '../../commands/users/change-user.ts';
import { createUser } from '../../commands/users/create-user.ts';
import { signIn } from '../../commands/users/sign-in.ts';
import { SUPER_ORG_ID, type TenantId } from '../../domain/ids.ts';
import { organizations } from '../../domain/organizations/organization.ts';
import { type User, users } from '../../domain/users/user.ts';
import { HashQueueFull } from '../../infra/password-hash/password-hasher.ts';
import { ADMIN_PASSWORD, asking, openSetUpKernel, type TestKernel } from '../support/kernel.ts';

const PASSWORD = 'Correct-horse-9';
const MINUTE_MS = 60_000;
const PREFIX = 'account.lock.handler';

let opened: TestKernel | null = null;
const clock = { nowMs: Date.now() };

afterEach(async () => {
  await opened?.close();
  opened = null;
});

async function run(kernel: Kernel, command: AnyCommand, input: unknown): Promise<{ id: string }> {
  const outcome = await execute(kernel, command, input, asking());
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  return outcome.value;
}

interface Settings {
  readonly attempts?: number;
  readonly minutes?: number;
}

async function locking({ attempts = 5, minutes = 5 }: Settings = {}): Promise<Kernel> {
  clock.nowMs = Date.now();
  opened = await openSetUpKernel({ clock: () => clock.nowMs });
  const { kernel } = opened;
  const set = {
    [`${PREFIX}.lock.on.max.failed.attempts.enable`]: 'true',
    [`${PREFIX}.On.Failure.Max.Attempts`]: String(attempts),
    [`${PREFIX}.Time`]: String(minutes),
  };
  const connectors = [{ connector: PREFIX, set }];
  await run(kernel, configureConnectors, { organizationId: SUPER_ORG_ID, connectors });
  return kernel;
}

const newUser = async (kernel: Kernel, userName = 'kim'): Promise<string> =>
  (await run(kernel, createUser, { userName, password: PASSWORD })).id;

async function attempt(kernel: Kernel, password: string, userName = 'kim'): Promise<string> {
  const trace = { correlationId: kernel.uuid() };
  const answer = await signIn(kernel, {
    tenant: SUPER_ORG_ID as TenantId,
    userName,
    password,
    application: null,
    trace,
  });
  if (answer.ok) return 'signed in';
  const { reason, remainingAttempts } = answer.refusal;
  return remainingAttempts === undefined ? reason : `${reason}, ${remainingAttempts} left`;
}

async function attempts(kernel: Kernel, count: number, password = 'wrong'): Promise<readonly string[]> {
  const answers: string[] = [];
  for (let index = 0; index < count; index += 1) answers.push(await attempt(kernel, password));
  return answers;
}

const stateOf = async (kernel: Kernel, id: string): Promise<User> => (await kernel.aggregates.load(users, id)).state;

/** Facts on the user's permanent stream. */
async function factsOf(kernel: Kernel, id: string): Promise<number> {
  const { revision = -1n } = await kernel.store.streamInfo(`user-${id}`);
  return Number(revision) + 1;
}

describe('a lock by failed attempts', () => {
  it('[U15.4-2] comes with the fifth, refuses the right password, ends by a sign-in after its time, and is twice as long next', async () => {
    const kernel = await locking();
    const id = await newUser(kernel);
    expect(await attempts(kernel, 5)).toEqual([
      'wrong-password, 4 left',
      'wrong-password, 3 left',
      'wrong-password, 2 left',
      'wrong-password, 1 left',
      'locked',
    ]);
    expect(await attempt(kernel, PASSWORD)).toBe('locked');
    const first = await stateOf(kernel, id);
    expect(first.lock?.reason).toBe('MAX_ATTEMPTS_EXCEEDED');
    expect(Date.parse(first.lock?.until ?? '')).toBe(clock.nowMs + 5 * MINUTE_MS);

    clock.nowMs += 5 * MINUTE_MS - 1;
    expect(await attempt(kernel, PASSWORD)).toBe('locked');
    clock.nowMs += 1;
    expect(await attempt(kernel, PASSWORD)).toBe('signed in');
    expect((await stateOf(kernel, id)).lock).toBeNull();

    await attempts(kernel, 5);
    const second = await stateOf(kernel, id);
    expect(Date.parse(second.lock?.until ?? '')).toBe(clock.nowMs + 10 * MINUTE_MS);
    expect(second.lockouts).toBe(2);
  });

  it('answers an account that is locked the same to the right password and to a wrong one', async () => {
    const kernel = await locking();
    await newUser(kernel);
    await attempts(kernel, 5);
    expect([await attempt(kernel, PASSWORD), await attempt(kernel, 'wrong')]).toEqual(['locked', 'locked']);
  });

  it('[SEC-D5] counts attempts side by side: of very many, no more than the limit are looked at', async () => {
    const kernel = await locking();
    const id = await newUser(kernel);
    let looked = 0;
    const hasher = {
      ...kernel.hasher,
      verify: async (phc: string, password: string) => {
        looked += 1;
        return await kernel.hasher.verify(phc, password);
      },
    };
    const counting = { ...kernel, hasher };
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => attempt(counting, `guess-${index}`)));
    expect(looked).toBe(5);
    expect(answers.filter((answer) => answer.startsWith('wrong-password'))).toHaveLength(4);
    expect((await stateOf(kernel, id)).lock?.reason).toBe('MAX_ATTEMPTS_EXCEEDED');
    expect(await attempt(kernel, PASSWORD)).toBe('locked');
  });

  it('[SEC-D5] counts over nodes and restarts: the counter is in the store they share', async () => {
    const kernel = await locking();
    await newUser(kernel);
    const another: Kernel = { ...kernel, aggregates: createAggregates(kernel.store, kernel.codec) };
    await attempts(kernel, 2);
    expect(await attempts(another, 2)).toEqual(['wrong-password, 2 left', 'wrong-password, 1 left']);
    expect(await attempt(kernel, 'wrong')).toBe('locked');
    expect(await attempt(another, PASSWORD)).toBe('locked');
  });

  it('[SEC-D5] is reset by no success but the user’s own, and counts guesses that are far apart', async () => {
    const kernel = await locking();
    await newUser(kernel);
    await newUser(kernel, 'lee');
    await attempts(kernel, 2);
    expect(await attempt(kernel, PASSWORD, 'lee')).toBe('signed in');
    clock.nowMs += 30 * 24 * 60 * MINUTE_MS;
    expect(await attempt(kernel, 'wrong')).toBe('wrong-password, 2 left');
    expect(await attempt(kernel, PASSWORD)).toBe('signed in');
    expect(await attempt(kernel, 'wrong')).toBe('wrong-password, 4 left');
  });

  it('adds to the log what locks and unlocks, and nothing for an attempt', async () => {
    const kernel = await locking();
    const id = await newUser(kernel);
    const before = await factsOf(kernel, id);
    await attempts(kernel, 4);
    expect(await factsOf(kernel, id)).toBe(before);
    await attempts(kernel, 20);
    expect(await factsOf(kernel, id)).toBe(before + 1);
  });

  it('is lifted by an administrator, and the counting begins at nought', async () => {
    const kernel = await locking();
    const id = await newUser(kernel);
    await attempts(kernel, 5);
    await run(kernel, unlockUser, { userId: id });
    expect(await attempt(kernel, 'wrong')).toBe('wrong-password, 4 left');
    await attempts(kernel, 4);
    expect(Date.parse((await stateOf(kernel, id)).lock?.until ?? '')).toBe(clock.nowMs + 5 * MINUTE_MS);
  });

  it('[U4.4-4] stays when an administrator sets a password', async () => {
    const kernel = await locking();
    const id = await newUser(kernel);
    await attempts(kernel, 5);
    await run(kernel, setUserPassword, { userId: id, password: 'Another-horse-9' });
    expect(await attempt(kernel, 'Another-horse-9')).toBe('locked');
  });

  it('[SEC-D5] of the owner always ends by itself, where others wait for an administrator', async () => {
    const kernel = await locking({ minutes: 0, attempts: 2 });
    const id = await newUser(kernel);
    await attempts(kernel, 2);
    expect((await stateOf(kernel, id)).lock?.until).toBeNull();
    for (const password of ['wrong', 'worse']) await attempt(kernel, password, 'admin');
    const { state } = await kernel.aggregates.load(organizations, SUPER_ORG_ID);
    expect((await stateOf(kernel, state.owner ?? '')).lock?.until).toBeTypeOf('string');
    clock.nowMs += 24 * 60 * MINUTE_MS;
    expect(await attempt(kernel, ADMIN_PASSWORD, 'admin')).toBe('signed in');
  });

  it('does not come from attempts that the server was too busy to look at', async () => {
    const kernel = await locking({ attempts: 1 });
    await newUser(kernel);
    const busy = {
      ...kernel,
      hasher: { ...kernel.hasher, verify: () => Promise.reject(new HashQueueFull(1)) },
    };
    for (let index = 0; index < 3; index += 1) await expect(attempt(busy, 'wrong')).rejects.toThrow(HashQueueFull);
    expect(await attempt(kernel, PASSWORD)).toBe('signed in');
  });

  it('comes late where the attempt that should have made it died with its process', async () => {
    const kernel = await locking({ attempts: 1 });
    const id = await newUser(kernel);
    const key = { type: 'password-attempts', tenant: SUPER_ORG_ID, id: `${id}.-1` } as const;
    const value = { count: 1, atMs: clock.nowMs };
    await kernel.transient.commit([{ op: 'put', key, value, expiresAtMs: clock.nowMs + 1e9, expect: 'any' }]);
    expect(await attempt(kernel, PASSWORD)).toBe('locked');
    expect((await stateOf(kernel, id)).lock).toBeNull();
    clock.nowMs += 2 * MINUTE_MS;
    expect(await attempt(kernel, PASSWORD)).toBe('locked');
    expect((await stateOf(kernel, id)).lock?.reason).toBe('MAX_ATTEMPTS_EXCEEDED');
  });

  it('does not come while the organization has not switched it on', async () => {
    opened = await openSetUpKernel({ clock: () => clock.nowMs });
    await newUser(opened.kernel);
    expect(await attempts(opened.kernel, 8)).toEqual(Array.from({ length: 8 }, () => 'wrong-password'));
    expect(await attempt(opened.kernel, PASSWORD)).toBe('signed in');
  });

  it('[SEC-K1] costs a name that nobody has as many writes as one that somebody has', async () => {
    const kernel = await locking();
    await newUser(kernel);
    let writes = 0;
    const transient = {
      ...kernel.transient,
      commit: (...given: Parameters<Kernel['transient']['commit']>) => {
        writes += 1;
        return kernel.transient.commit(...given);
      },
      get: kernel.transient.get.bind(kernel.transient),
    };
    const counting = { ...kernel, transient };
    const costOf = async (userName: string) => {
      writes = 0;
      await attempt(counting, 'wrong', userName);
      return writes;
    };
    expect([await costOf('nobody'), await costOf('kim')]).toEqual([1, 1]);
    await attempts(kernel, 4);
    expect(await costOf('kim')).toBe(1);
  });
});
