/** What the portal's pages say. `{name}` stands for a value. */

const en = {
  brand: 'Muniment',
  skip: 'Skip to the form',
  'login.title': 'Sign in',
  'login.to': 'to go on to {application}',
  'login.username': 'User name',
  'login.password': 'Password',
  'login.remember': 'Keep me signed in on this device',
  'login.submit': 'Sign in',
  'login.failed.title': 'You are not signed in',
  'login.failed': 'User name or password is wrong, or the account cannot be used. Check both and try again.',
  'login.failed.17001': 'There is no such user.',
  'login.failed.17002': 'The password is wrong.',
  'login.failed.17003': 'The account is locked.',
  'login.failed.17004': 'The account is disabled.',
  'login.failed.17005': 'The account waits to be confirmed.',
  'login.failed.17006': 'The password must be reset before you can sign in.',
  'login.failed.password-expired': 'The password has expired. Ask an administrator for a new one.',
  'consent.title': 'Allow access',
  'consent.asks': '{application} asks for access to your account.',
  'consent.list': 'If you allow it, {application} may:',
  'consent.none': 'know that you signed in',
  'consent.once': 'Allow once',
  'consent.always': 'Allow always',
  'consent.deny': 'Do not allow',
  'consent.withdraw': 'You can take an access that you always allow back at any time.',
  'scope.openid': 'know who you are',
  'scope.profile': 'see your profile: name, user name and the like',
  'scope.email': 'see your e-mail address',
  'scope.phone': 'see your phone number',
  'scope.address': 'see your address',
  'scope.internal_login': 'see and change your own account',
  'scope.other': 'use the permission {scope}',
  'error.title': 'This did not work',
  'error.request': 'The application sent a request that cannot be answered. Nothing was shared with it.',
  'error.client': 'The application that sent you here is not known here.',
  'error.callback':
    'The application wants the answer at an address that is not registered for it. Nothing was sent there.',
  'error.flow':
    'This sign-in has expired, was finished already, or was begun in another browser. Go back to the application and start again. Cookies must be allowed.',
  'error.organization': 'This organization is not active.',
  'error.logout': 'The sign-out request does not fit a known application or address.',
  'error.fault': 'Something went wrong on our side. Try again later.',
  'error.code': 'Code for the operator: {code}',
  'logout.title': 'Sign out',
  'logout.asks': 'Do you want to sign out of every application in this browser?',
  'logout.yes': 'Sign out',
  'logout.no': 'Stay signed in',
  'logout.done.title': 'You are signed out',
  'logout.done': 'You can close this window.',
  'post.title': 'Back to the application',
  'post.submit': 'Continue',
} as const;

export type MessageId = keyof typeof en;

export const isMessage = (id: string): id is MessageId => Object.hasOwn(en, id);

export const message = (id: MessageId, values: Readonly<Record<string, string>> = {}): string =>
  en[id].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
