/** What happens when somebody guesses. */
import { type Connector, flag, whole } from '../setting.ts';

const category = 'Login Attempts Security';
const DAY_MINUTES = 1_440;
const YEAR_MINUTES = 365 * DAY_MINUTES;

export const loginAttempts: readonly Connector[] = [
  {
    name: 'account.lock.handler',
    friendlyName: 'Account Lock',
    category,
    settings: [
      flag(
        'account.lock.handler.lock.on.max.failed.attempts.enable',
        false,
        'Lock user accounts',
        'Locks an account after too many failed sign-ins.',
      ),
      whole('account.lock.handler.On.Failure.Max.Attempts', 5, 'Failed sign-ins until the lock', {
        min: 1,
        max: 1_000,
      }),
      whole('account.lock.handler.Time', 5, 'Minutes of the first lock; 0 is until unlocked', { max: YEAR_MINUTES }),
      whole('account.lock.handler.login.fail.timeout.ratio', 2, 'Each further lock is longer by this factor', {
        min: 1,
        max: 100,
      }),
      flag('account.lock.handler.notification.manageInternally', true, 'Messages are sent by the server'),
      flag('account.lock.handler.notification.notifyOnLockIncrement', false, 'Message at each longer lock'),
    ],
  },
  {
    name: 'sso.login.recaptcha',
    friendlyName: 'reCaptcha for SSO Login',
    category,
    settings: [
      flag('sso.login.recaptcha.enable.always', false, 'Always prompt a captcha'),
      flag('sso.login.recaptcha.enable', false, 'Prompt a captcha after failed sign-ins'),
      whole('sso.login.recaptcha.on.max.failed.attempts', 3, 'Failed sign-ins until the captcha', {
        min: 1,
        max: 1_000,
      }),
    ],
  },
];
