import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { execute } from '../../commands/pipeline.ts';
import { ownerOf } from '../../commands/reservations.ts';
import { changeUser, lockUser, setUserPassword } from '../../commands/users/change-user.ts';
import { createUser } from '../../commands/users/create-user.ts';
import { deleteUser } from '../../commands/users/delete-user.ts';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import { userNameClaim } from '../../domain/users/user.ts';
import { asking, callerWith, openSetUpKernel, type TestKernel } from '../support/kernel.ts';

let test: TestKernel;
const deploymentKey = randomBytes(32);

beforeEach(async () => {
  test = await openSetUpKernel({ deploymentKey });
});
afterEach(() => test.close());

async function eventsIn(stream: string): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of test.kernel.store.readStream(stream)) types.push(type);
  return types;
}

async function logLength(): Promise<number> {
  let count = 0;
  for await (const _ of test.kernel.store.readAll({ after: 'start' })) count += 1;
  return count;
}

async function kim(over: Parameters<typeof asking>[0] = {}) {
  const created = await execute(
    test.kernel,
    createUser,
    { userName: 'kim', attributes: { title: 'Dr' } },
    asking(over),
  );
  if (!created.ok) throw new Error(JSON.stringify(created.refusal));
  return created.value;
}

describe('a command', () => {
  it('answers from the state that it made, with its place in the log', async () => {
    const { id, state, revision, position, events, changed } = await kim();
    expect({ revision, changed, types: events.map(({ type }) => type) }).toEqual({
      revision: 0n,
      changed: true,
      types: ['identity.user.created.v1'],
    });
    expect(state).toMatchObject({ status: 'present', userName: 'kim', org: SUPER_ORG_ID, attributes: { title: 'Dr' } });
    const head = await test.kernel.store.head();
    expect(head?.commit).toBeGreaterThanOrEqual(position?.commit ?? 0n);
    expect(await eventsIn(`user-${id}`)).toEqual(['identity.user.created.v1']);
  });

  it('keeps personal values out of the log', async () => {
    const { id } = await kim();
    for await (const event of test.kernel.store.readStream(`user-${id}`)) {
      expect(JSON.stringify(event.data)).not.toContain('kim');
      expect(event.data).toHaveProperty('userName.$enc');
      expect(event.meta).toMatchObject({ subject: id, org: SUPER_ORG_ID, tenant: SUPER_ORG_ID, command: 'CreateUser' });
    }
  });

  it('says every issue of a bad input and writes nothing', async () => {
    const before = await logLength();
    const refused = await execute(test.kernel, createUser, { userName: 7, colour: 'red' }, asking());
    expect(refused).toMatchObject({ ok: false, refusal: { reason: 'invalid-input' } });
    expect(await logLength()).toBe(before);
  });

  it('is refused without its permission', async () => {
    const caller = callerWith('internal_user_mgt_view');
    const refused = await execute(test.kernel, createUser, { userName: 'kim' }, asking({ caller }));
    expect(refused).toEqual({ ok: false, refusal: { reason: 'forbidden', permissions: ['internal_user_mgt_create'] } });
  });

  it('[SEC-B1] does not find a user of another organization', async () => {
    const { id } = await kim();
    const elsewhere = '33333333-3333-4333-8333-333333333333';
    const caller = { ...callerWith('*'), tenant: elsewhere, org: elsewhere } as ReturnType<typeof callerWith>;
    const refused = await execute(test.kernel, lockUser, { userId: id }, asking({ caller }));
    expect(refused).toEqual({ ok: false, refusal: { reason: 'not-found' } });
  });

  it.each([
    'tenant',
    'org',
    'id',
    'userName',
    'active',
    'meta.created',
    'urn:scim:wso2:schema:accountLocked',
    'password',
  ])('[SEC-C4] does not write %s as if it were an attribute', async (path) => {
    const { id } = await kim();
    const forged = JSON.parse(`{"${path}": "x"}`) as object;
    const changed = await execute(test.kernel, changeUser, { userId: id, set: forged }, asking());
    const unset = await execute(test.kernel, changeUser, { userId: id, unset: [path] }, asking());
    const created = await execute(test.kernel, createUser, { userName: 'kit', attributes: forged }, asking());
    for (const refused of [changed, unset, created]) {
      expect(refused).toMatchObject({ ok: false, refusal: { reason: 'invalid-input' } });
    }
  });

  it('writes nothing when everything is so already', async () => {
    const { id } = await kim();
    await execute(test.kernel, lockUser, { userId: id }, asking());
    const again = await execute(test.kernel, lockUser, { userId: id }, asking());
    expect(again).toMatchObject({ ok: true, value: { changed: false, revision: 1n } });
  });

  it('decides again when another writer came first: both changes stand', async () => {
    const { id } = await kim();
    const paths = ['displayName', 'nickName', 'userType'];
    const results = await Promise.all(
      paths.map((path) => execute(test.kernel, changeUser, { userId: id, set: { [path]: 'x' } }, asking())),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    const { state } = await test.kernel.aggregates.load((await import('../../domain/users/user.ts')).users, id);
    expect(Object.keys(state.attributes).sort()).toEqual([...paths, 'title'].sort());
  });

  it('is refused at another revision than the caller has seen', async () => {
    const { id } = await kim();
    const stale = await execute(test.kernel, lockUser, { userId: id }, asking({ ifRevision: 5n }));
    expect(stale).toMatchObject({ ok: false, refusal: { reason: 'revision-differs' } });
    const [one, two] = await Promise.all([
      execute(test.kernel, changeUser, { userId: id, set: { title: '1' } }, asking({ ifRevision: 0n })),
      execute(test.kernel, changeUser, { userId: id, set: { title: '2' } }, asking({ ifRevision: 0n })),
    ]);
    expect([one.ok, two.ok].sort()).toEqual([false, true]);
  });
});

describe('[SEC-L12] a dry run', () => {
  it('shows its events and leaves no trace', async () => {
    const before = await logLength();
    const input = { userName: 'kim', password: 'Correct horse 9' };
    const rehearsed = await execute(test.kernel, createUser, input, asking({ dryRun: true, idempotencyKey: 'k1' }));
    expect(rehearsed).toMatchObject({ ok: true, value: { changed: true } });
    if (rehearsed.ok) {
      expect(rehearsed.value.events.map(({ type }) => type)).toEqual([
        'identity.user.created.v1',
        'identity.user.password_set.v1',
      ]);
    }
    expect(await logLength()).toBe(before);
    expect(await ownerOf(test.kernel, userNameClaim({ org: SUPER_ORG_ID, userName: 'kim' }))).toBeNull();
    const real = await execute(test.kernel, createUser, { userName: 'kim' }, asking({ idempotencyKey: 'k1' }));
    expect(real).toMatchObject({ ok: true, value: { changed: true } });
  });
});

describe('a dry run of what cannot be', () => {
  it('is refused as the command itself would be', async () => {
    await kim();
    const rehearsed = await execute(test.kernel, createUser, { userName: 'KIM' }, asking({ dryRun: true }));
    expect(rehearsed).toMatchObject({ ok: false, refusal: { reason: 'value-taken', kind: 'username' } });
  });
});

describe('[SEC-L4] an idempotency key', () => {
  const input = { userName: 'kim', attributes: { title: 'Dr' } };

  it('gives one effect and one answer', async () => {
    const first = await kim({ idempotencyKey: 'once' });
    const again = await execute(test.kernel, createUser, input, asking({ idempotencyKey: 'once' }));
    expect(again).toMatchObject({
      ok: true,
      value: { id: first.id, revision: first.revision, position: first.position, state: first.state },
    });
    expect(await eventsIn(`user-${first.id}`)).toHaveLength(1);
  });

  it('answers as at first even when the thing has changed since', async () => {
    const first = await kim({ idempotencyKey: 'once' });
    await execute(test.kernel, lockUser, { userId: first.id }, asking());
    const again = await execute(test.kernel, createUser, input, asking({ idempotencyKey: 'once' }));
    expect(again).toMatchObject({ ok: true, value: { revision: 0n, state: { lock: null } } });
  });

  it('refuses another body', async () => {
    await kim({ idempotencyKey: 'once' });
    const other = await execute(test.kernel, createUser, { userName: 'kit' }, asking({ idempotencyKey: 'once' }));
    expect(other).toEqual({ ok: false, refusal: { reason: 'idempotency-key-reused' } });
  });

  it('holds for twins that run side by side', async () => {
    const twins = await Promise.all(
      Array.from({ length: 10 }, () => execute(test.kernel, createUser, input, asking({ idempotencyKey: 'twin' }))),
    );
    const ids = new Set(twins.map((twin) => (twin.ok ? twin.value.id : JSON.stringify(twin.refusal))));
    expect(ids.size).toBe(1);
    expect(await eventsIn(`user-${[...ids][0]}`)).toHaveLength(1);
  });

  it('holds for a change that twins make side by side', async () => {
    const { id } = await kim();
    const given = { userId: id, password: 'Correct horse 9' };
    const twins = await Promise.all(
      Array.from({ length: 5 }, () => execute(test.kernel, setUserPassword, given, asking({ idempotencyKey: 'p' }))),
    );
    expect(twins.every(({ ok }) => ok)).toBe(true);
    expect(await eventsIn(`user-${id}`)).toEqual(['identity.user.created.v1', 'identity.user.password_set.v1']);
  });

  it('holds after a restart', async () => {
    const first = await kim({ idempotencyKey: 'once' });
    await test.close('keep');
    test = await openSetUpKernel({ directory: test.directory, deploymentKey });
    const again = await execute(test.kernel, createUser, input, asking({ idempotencyKey: 'once' }));
    expect(again).toMatchObject({ ok: true, value: { id: first.id, changed: false } });
  });

  it('is refused when it is no printable text', async () => {
    const refused = await execute(test.kernel, createUser, input, asking({ idempotencyKey: 'a b\n' }));
    expect(refused).toEqual({ ok: false, refusal: { reason: 'idempotency-key-invalid' } });
  });
});

describe('[SEC-A10] a name that is free again', () => {
  it('belongs to the new user alone', async () => {
    const first = await kim();
    await execute(test.kernel, deleteUser, { userId: first.id }, asking());
    const second = await kim();
    expect(second.id).not.toBe(first.id);
    expect(await ownerOf(test.kernel, userNameClaim({ org: SUPER_ORG_ID, userName: 'KIM' }))).toBe(second.id);
  });
});
