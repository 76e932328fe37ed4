import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, startTestServer, type TestServer } from '../../support/server.ts';
import { setSettings } from '../../support/settings.ts';
import { ACCOUNT, ENTERPRISE, PASSWORD, type ScimClient, scimClient } from './client.ts';

const NEW_PASSWORD = 'Another-secret-1';
const LOCKED = `${ACCOUNT}:accountLocked eq true`;
const INVITED = `${ACCOUNT}:accountState eq "PENDING_AP"`;
const RESET = `${ACCOUNT}:accountState eq "PENDING_FUPR"`;

describe('account states over SCIM', () => {
  let server: TestServer;
  let scim: ScimClient;
  let made = 0;

  beforeAll(async () => {
    server = await startTestServer();
    scim = scimClient(server);
  });
  afterAll(async () => await server.stop());

  const freshName = (): string => {
    made += 1;
    return `person-${made}`;
  };
  const account = async (id: string) => (await scim.call('GET', `/Users/${id}`)).body[ACCOUNT];
  const isFound = async (filter: string, id: string): Promise<boolean> =>
    (await scim.list({ filter, count: '200' })).body.Resources.some((user: { id: string }) => user.id === id);
  /** An authenticated stranger gets 403, nobody 401. */
  const signsIn = async (userName: string, password: string): Promise<boolean> =>
    (await scim.call('GET', '/Users', { authorization: basic(userName, password) })).status !== 401;
  const setPassword = (id: string, password = NEW_PASSWORD) => scim.patch(id, { op: 'replace', value: { password } });

  it('[U4.4-1] finds who is invited by both filters until an administrator has set a password, which then works', async () => {
    const userName = freshName();
    const user = await scim.create({ userName, password: PASSWORD, [ACCOUNT]: { askPassword: true } });
    expect(user).toMatchObject({
      active: false,
      [ACCOUNT]: {
        accountState: 'PENDING_AP',
        accountLocked: true,
        lockedReason: 'PENDING_ASK_PASSWORD',
        unlockTime: '0',
      },
    });
    expect(user[ACCOUNT].askPassword).toBeUndefined();
    expect([await isFound(INVITED, user.id), await isFound(LOCKED, user.id)]).toEqual([true, true]);
    expect(await isFound(`${INVITED} and ${LOCKED} and userName eq "${userName}"`, user.id)).toBe(true);
    expect(await signsIn(userName, PASSWORD)).toBe(false);

    const set = await setPassword(user.id);
    expect(set.body[ACCOUNT]).toMatchObject({ accountState: 'UNLOCKED', accountLocked: false });
    expect(set.body[ACCOUNT].lockedReason).toBeUndefined();
    expect([await isFound(INVITED, user.id), await isFound(LOCKED, user.id)]).toEqual([false, false]);
    expect(await signsIn(userName, NEW_PASSWORD)).toBe(true);
    expect(await account(user.id)).toEqual(set.body[ACCOUNT]);
  });

  it('invites without a lock where the organization has that off', async () => {
    await setSettings(server.kernel, 'user-email-verification', { 'EmailVerification.LockOnCreation': 'false' });
    const user = await scim.create({ userName: freshName(), [ENTERPRISE]: { askPassword: 'true' } });
    expect(user[ACCOUNT]).toMatchObject({ accountState: 'PENDING_AP', accountLocked: false });
    expect((await setPassword(user.id)).body[ACCOUNT].accountState).toBe('UNLOCKED');
    await setSettings(server.kernel, 'user-email-verification', { 'EmailVerification.LockOnCreation': 'true' });
  });

  it('asks for a verified address only where the organization has that on, and needs an address then', async () => {
    const plain = await scim.create({ userName: freshName(), [ACCOUNT]: { verifyEmail: true } });
    expect(plain[ACCOUNT].accountState).toBe('UNLOCKED');
    await setSettings(server.kernel, 'user-email-verification', { 'EmailVerification.Enable': 'true' });
    const without = { userName: freshName(), password: PASSWORD, [ACCOUNT]: { verifyEmail: true } };
    const refused = await scim.call('POST', '/Users', { body: without });
    expect([refused.status, refused.body.detail]).toEqual([400, expect.stringContaining('UEV-10001')]);
    const held = await scim.create({ ...without, emails: [{ value: 'kim@example.com' }] });
    expect(held[ACCOUNT]).toMatchObject({
      accountState: 'PENDING_EV',
      accountLocked: true,
      lockedReason: 'PENDING_EMAIL_VERIFICATION',
    });
    await setSettings(server.kernel, 'user-email-verification', { 'EmailVerification.Enable': 'false' });
    expect((await setPassword(held.id)).body[ACCOUNT].accountState).toBe('PENDING_EV');
  });

  describe('a forced password reset', () => {
    const force = (id: string) => scim.patch(id, { op: 'add', value: { [ACCOUNT]: { forcePasswordReset: true } } });

    it('is nothing while no way of resetting is switched on', async () => {
      const user = await scim.create({ userName: freshName(), password: PASSWORD });
      const answer = await force(user.id);
      expect([answer.status, answer.body[ACCOUNT].accountState]).toEqual([200, 'UNLOCKED']);
    });

    it.each(['RecoveryLink', 'OTP', 'SMSOTP', 'Offline'])('by %s locks, and is never shown itself', async (way) => {
      const name = `Recovery.AdminPasswordReset.${way}`;
      await setSettings(server.kernel, 'admin-forced-password-reset', { [name]: 'true' });
      const userName = freshName();
      const user = await scim.create({ userName, password: PASSWORD });
      const answer = await force(user.id);
      expect(answer.status).toBe(200);
      const shown = await account(user.id);
      expect(shown).toMatchObject({
        accountState: 'PENDING_FUPR',
        accountLocked: true,
        lockedReason: 'PENDING_ADMIN_FORCED_USER_PASSWORD_RESET',
      });
      expect(shown.forcePasswordReset).toBeUndefined();
      expect([await isFound(RESET, user.id), await isFound(LOCKED, user.id)]).toEqual([true, true]);
      expect(await signsIn(userName, PASSWORD)).toBe(false);
      await setSettings(server.kernel, 'admin-forced-password-reset', { [name]: 'false' });
    });

    it('[U6-5] is over once an administrator has set a password', async () => {
      await setSettings(server.kernel, 'admin-forced-password-reset', { 'Recovery.AdminPasswordReset.OTP': 'true' });
      const userName = freshName();
      const user = await scim.create({ userName, password: PASSWORD });
      await force(user.id);
      const set = await setPassword(user.id);
      expect(set.body[ACCOUNT]).toMatchObject({ accountState: 'UNLOCKED', accountLocked: false });
      expect([await signsIn(userName, PASSWORD), await signsIn(userName, NEW_PASSWORD)]).toEqual([false, true]);
    });
  });

  it('an administrator’s lock is shown with its reason, and gone when it is lifted', async () => {
    const user = await scim.create({ userName: freshName(), password: PASSWORD });
    await scim.patch(user.id, { op: 'replace', value: { [ACCOUNT]: { accountLocked: true } } });
    expect(await account(user.id)).toMatchObject({
      accountState: 'LOCKED',
      lockedReason: 'ADMIN_INITIATED',
      unlockTime: '0',
    });
    await scim.patch(user.id, { op: 'replace', value: { [ACCOUNT]: { accountLocked: false } } });
    const open = await account(user.id);
    expect(open).toMatchObject({ accountState: 'UNLOCKED', accountLocked: false });
    expect([open.lockedReason, open.unlockTime]).toEqual([undefined, undefined]);
  });

  it('[U15.4-2] five wrong passwords lock, shown with the time of the end; sent back as it is, the lock keeps its end', async () => {
    const on = { 'account.lock.handler.lock.on.max.failed.attempts.enable': 'true' };
    await setSettings(server.kernel, 'account.lock.handler', on);
    const userName = freshName();
    const user = await scim.create({ userName, password: PASSWORD });
    for (let index = 0; index < 5; index += 1) expect(await signsIn(userName, 'wrong')).toBe(false);
    expect(await signsIn(userName, PASSWORD)).toBe(false);
    const locked = (await scim.call('GET', `/Users/${user.id}`)).body;
    expect(locked[ACCOUNT]).toMatchObject({
      accountLocked: true,
      accountState: 'LOCKED',
      lockedReason: 'MAX_ATTEMPTS_EXCEEDED',
      failedLoginLockoutCount: 1,
    });
    expect(Number(locked[ACCOUNT].unlockTime)).toBeGreaterThan(Date.now());
    expect(await isFound(LOCKED, user.id)).toBe(true);

    const echoed = await scim.call('PUT', `/Users/${user.id}`, { body: locked });
    expect(echoed.body[ACCOUNT].unlockTime).toBe(locked[ACCOUNT].unlockTime);
    const set = await setPassword(user.id);
    expect(set.body[ACCOUNT]).toMatchObject({ accountLocked: true, lockedReason: 'MAX_ATTEMPTS_EXCEEDED' });
    await setSettings(server.kernel, 'account.lock.handler', {
      'account.lock.handler.lock.on.max.failed.attempts.enable': 'false',
    });
  });

  it('takes no state, reason or time from anybody', async () => {
    const state = {
      accountState: 'PENDING_AP',
      lockedReason: 'IDLE_ACCOUNT',
      unlockTime: '1',
      failedLoginLockoutCount: 9,
    };
    const user = await scim.create({ userName: freshName(), [ACCOUNT]: state });
    expect(user[ACCOUNT]).toEqual({ accountState: 'UNLOCKED', accountLocked: false, accountDisabled: false });
    await scim.patch(user.id, { op: 'add', value: { [ACCOUNT]: state } });
    expect(await account(user.id)).toEqual(user[ACCOUNT]);
  });

  it('refuses a password that was used before with its published code', async () => {
    await setSettings(server.kernel, 'passwordHistory', { 'passwordHistory.enable': 'true' });
    const user = await scim.create({ userName: freshName(), password: PASSWORD });
    const again = await setPassword(user.id, PASSWORD);
    expect([again.status, again.body.scimType]).toEqual([400, 'invalidValue']);
    expect(again.body.detail).toContain('22001');
    await setSettings(server.kernel, 'passwordHistory', { 'passwordHistory.enable': 'false' });
  });

  it('[U4.4-5] finds by emailVerified ne true who was never verified and who is not', async () => {
    const prefix = `verify-${made}`;
    const users = await Promise.all(
      [undefined, false, true].map((emailVerified, index) =>
        scim.create({
          userName: `${prefix}-${index}`,
          ...(emailVerified === undefined ? {} : { [ACCOUNT]: { emailVerified } }),
        }),
      ),
    );
    const filter = `${ACCOUNT}:emailVerified ne true and userName sw "${prefix}"`;
    const found = (await scim.list({ filter })).body.Resources.map((user: { id: string }) => user.id);
    expect(found.sort()).toEqual([users[0].id, users[1].id].sort());
  });

  it('[SEC-D10] passes over what a user says of his own verified addresses', async () => {
    const admin = (await scim.list({ filter: 'userName eq "admin"' })).body.Resources[0];
    const flags = { emailVerified: true, phoneVerified: true };
    const own = await scim.patch(admin.id, { op: 'add', value: { title: 'Dr', [ACCOUNT]: flags } });
    expect(own.body.title).toBe('Dr');
    expect([own.body[ACCOUNT].emailVerified, own.body[ACCOUNT].phoneVerified]).toEqual([undefined, undefined]);
    const other = await scim.create({ userName: freshName() });
    const set = await scim.patch(other.id, { op: 'add', value: { [ACCOUNT]: flags } });
    expect(set.body[ACCOUNT]).toMatchObject(flags);
  });
});
