import { afterEach, describe, expect, it } from 'vitest';
import { disableUser, forcePasswordReset, lockUser } from '../../../commands/users/change-user.ts';
import { createUser } from '../../../commands/users/create-user.ts';
import { setSettings } from '../../support/settings.ts';
import { authorizeUrl, Browser, hidden } from './browser.ts';
import { type OauthServer, PASSWORD, startOauthServer } from './oauth-server.ts';

const DAY_MS = 24 * 3_600_000;
const LOCK_ON = { 'account.lock.handler.lock.on.max.failed.attempts.enable': 'true' };

let server: OauthServer | null = null;

afterEach(async () => {
  await server?.close();
  server = null;
});

async function start(showAuthFailureReason: boolean): Promise<OauthServer> {
  server = await startOauthServer({ showAuthFailureReason });
  return server;
}

/** What the login page is told. */
async function answer(at: OauthServer, username: string, password: string): Promise<Record<string, string>> {
  const client = await at.client();
  const browser = new Browser(at);
  const page = await browser.open(authorizeUrl(client));
  const sessionDataKey = hidden(page.html, 'sessionDataKey');
  const { url } = await browser.open('/commonauth', { username, password, sessionDataKey });
  const told = ['authFailure', 'authFailureMsg', 'errorCode', 'failedUsername', 'remainingAttempts', 'lockedReason'];
  return Object.fromEntries([...url.searchParams].filter(([name]) => told.includes(name)));
}

async function held(at: OauthServer, verify: 'EmailVerification.Enable', userName: string): Promise<void> {
  await setSettings(at.kernel, 'user-email-verification', { [verify]: 'true' });
  const attributes = { emails: [{ value: 'kim@example.com' }] };
  await at.run(createUser, { userName, password: PASSWORD, attributes, verifyEmail: true });
}

describe('the login page', () => {
  it('[SEC-K1] tells nothing but that it failed, whatever the state of the account', async () => {
    const at = await start(false);
    await setSettings(at.kernel, 'account.lock.handler', LOCK_ON);
    await setSettings(at.kernel, 'admin-forced-password-reset', { 'Recovery.AdminPasswordReset.OTP': 'true' });
    await at.run(lockUser, { userId: await at.user('locked') });
    await at.run(disableUser, { userId: await at.user('disabled') });
    await at.run(forcePasswordReset, { userId: await at.user('reset') });
    await held(at, 'EmailVerification.Enable', 'held');
    await at.run(createUser, { userName: 'invited', invited: true });
    await at.user('open');
    const generic = { authFailure: 'true', authFailureMsg: 'login.fail.message' };
    for (const name of ['nobody', 'locked', 'disabled', 'reset', 'held', 'invited', 'open']) {
      expect(await answer(at, name, 'wrong'), `${name}, wrong`).toEqual(generic);
      if (name !== 'open') expect(await answer(at, name, PASSWORD), `${name}, right`).toEqual(generic);
    }
  });

  it('counts down to the lock where the server is set to tell, and then tells its reason whatever the password', async () => {
    const at = await start(true);
    await setSettings(at.kernel, 'account.lock.handler', LOCK_ON);
    await at.user('kim');
    for (const left of ['4', '3', '2', '1']) {
      expect(await answer(at, 'kim', 'wrong')).toMatchObject({ errorCode: '17002', remainingAttempts: left });
    }
    const locked = { errorCode: '17003:MaxAttemptsExceeded', lockedReason: 'MaxAttemptsExceeded' };
    expect(await answer(at, 'kim', 'wrong')).toMatchObject(locked);
    expect(await answer(at, 'kim', PASSWORD)).toEqual(await answer(at, 'kim', 'wrong'));
    expect(await answer(at, 'kim', PASSWORD)).toMatchObject(locked);
  });

  it('[SEC-D5] counts attempts by HTTP Basic and at the login page together', async () => {
    const at = await start(true);
    await setSettings(at.kernel, 'account.lock.handler', LOCK_ON);
    await at.user('kim');
    const byBasic = async (password: string): Promise<number> => {
      const authorization = `Basic ${Buffer.from(`kim:${password}`).toString('base64')}`;
      return (await fetch(`${at.url}/probe`, { headers: { authorization } })).status;
    };
    for (let index = 0; index < 3; index += 1) expect(await byBasic('wrong')).toBe(401);
    expect(await answer(at, 'kim', 'wrong')).toMatchObject({ remainingAttempts: '1' });
    expect(await byBasic('wrong')).toBe(401);
    expect(await byBasic(PASSWORD)).toBe(401);
    expect(await answer(at, 'kim', PASSWORD)).toMatchObject({ lockedReason: 'MaxAttemptsExceeded' });
  });

  it('where the server is set to tell, tells a lock, a disabling and a forced reset the same for every password', async () => {
    const at = await start(true);
    await setSettings(at.kernel, 'admin-forced-password-reset', { 'Recovery.AdminPasswordReset.RecoveryLink': 'true' });
    await at.run(lockUser, { userId: await at.user('locked') });
    await at.run(disableUser, { userId: await at.user('disabled') });
    await at.run(forcePasswordReset, { userId: await at.user('reset') });
    const expected = {
      locked: { errorCode: '17003:AdminInitiated', lockedReason: 'AdminInitiated' },
      disabled: { errorCode: '17004' },
      reset: { errorCode: '17006', authFailureMsg: 'password.reset.pending' },
    };
    for (const [name, told] of Object.entries(expected)) {
      const right = await answer(at, name, PASSWORD);
      expect(right).toMatchObject(told);
      expect(await answer(at, name, 'wrong')).toEqual(right);
    }
  });

  it('where the server is set to tell, tells an open confirmation only to who knows the password', async () => {
    const at = await start(true);
    await held(at, 'EmailVerification.Enable', 'held');
    expect(await answer(at, 'held', PASSWORD)).toMatchObject({
      errorCode: '17005',
      authFailureMsg: 'account.confirmation.pending',
    });
    expect(await answer(at, 'held', 'wrong')).toMatchObject({
      errorCode: '17002',
      authFailureMsg: 'login.fail.message',
    });
  });

  it('where the server is set to tell, tells an expired password only to who knows it', async () => {
    const at = await start(true);
    at.clock.nowMs = Date.now() - 31 * DAY_MS;
    await at.user('kim');
    at.clock.nowMs = null;
    await setSettings(at.kernel, 'passwordExpiry', { 'passwordExpiry.enablePasswordExpiry': 'true' });
    expect(await answer(at, 'kim', PASSWORD)).toMatchObject({ authFailureMsg: 'password.expired' });
    expect(await answer(at, 'kim', 'wrong')).toMatchObject({
      errorCode: '17002',
      authFailureMsg: 'login.fail.message',
    });
  });

  it('[SEC-A1] refuses a disabled account whatever the switch for disabling says', async () => {
    const at = await start(true);
    await at.run(disableUser, { userId: await at.user('kim') });
    for (const value of ['true', 'false']) {
      await setSettings(at.kernel, 'account.disable.handler', { 'account.disable.handler.enable': value });
      expect(await answer(at, 'kim', PASSWORD)).toMatchObject({ errorCode: '17004' });
    }
  });
});
