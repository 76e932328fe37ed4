/**
 * The security matrix: what hands out or honours power, against what takes it away. Both lists are closed types, so a
 * new path or event without a verdict does not compile.
 */

/** Each is tried over HTTP after the event, with what was prepared before it. */
export const ISSUING_PATHS = [
  /** Name and password at the login page, to a code. */
  'login',
  /** A session that was there before, to a code. */
  'single-sign-on',
  /** A consent page that was open before. */
  'consent-answer',
  /** A code issued before. */
  'code-redemption',
  /** A refresh token issued before. */
  'refresh',
  /** The client's own credentials, as they were before. */
  'client-credentials',
  /** A user's access token issued before: at userinfo, at introspection, at a management door. */
  'userinfo',
  'introspection',
  'management-bearer',
  /** The application's own access token, issued before. */
  'application-token',
  /** Name and password in every request; they were right a moment ago. */
  'management-basic',
  /** The same at the door for auditors: a new call, and a call that was open before. */
  'log-basic',
  'log-subscription',
] as const;
export type IssuingPath = (typeof ISSUING_PATHS)[number];

export const DISABLING_EVENTS = [
  'user-locked',
  'user-locked-and-unlocked',
  'user-disabled',
  'user-disabled-and-enabled',
  'user-deleted',
  'user-erased',
  'password-set',
  'session-ended',
  'application-disabled',
  'application-disabled-and-enabled',
  'application-deleted',
  'secret-rotated',
  'grant-type-removed',
  'client-revoked',
  'oidc-removed',
  'oidc-removed-and-configured',
  'consent-withdrawn',
  'organization-deactivated',
  'key-retired',
] as const;
export type DisablingEvent = (typeof DISABLING_EVENTS)[number];

export type Verdict = 'refused' | 'unaffected';

/** Nothing of the user, his old password included. */
const userGone: Record<IssuingPath, Verdict> = {
  login: 'refused',
  'single-sign-on': 'refused',
  'consent-answer': 'refused',
  'code-redemption': 'refused',
  refresh: 'refused',
  'client-credentials': 'unaffected',
  userinfo: 'refused',
  introspection: 'refused',
  'management-bearer': 'refused',
  'application-token': 'unaffected',
  'management-basic': 'refused',
  'log-basic': 'refused',
  'log-subscription': 'refused',
};

/** What was issued before stays dead; a new sign-in is possible again. */
const userBack: Record<IssuingPath, Verdict> = {
  ...userGone,
  login: 'unaffected',
  'management-basic': 'unaffected',
  'log-basic': 'unaffected',
};

const clientGone: Record<IssuingPath, Verdict> = {
  login: 'refused',
  'single-sign-on': 'refused',
  'consent-answer': 'refused',
  'code-redemption': 'refused',
  refresh: 'refused',
  'client-credentials': 'refused',
  userinfo: 'refused',
  introspection: 'refused',
  'management-bearer': 'refused',
  'application-token': 'refused',
  'management-basic': 'unaffected',
  'log-basic': 'unaffected',
  'log-subscription': 'unaffected',
};

const clientBack: Record<IssuingPath, Verdict> = {
  ...clientGone,
  login: 'unaffected',
  'single-sign-on': 'unaffected',
  // Nothing was handed out yet: the user decides now.
  'consent-answer': 'unaffected',
  'client-credentials': 'unaffected',
};

export const MATRIX: Record<DisablingEvent, Record<IssuingPath, Verdict>> = {
  'user-locked': userGone,
  'user-locked-and-unlocked': userBack,
  'user-disabled': userGone,
  'user-disabled-and-enabled': userBack,
  'user-deleted': userGone,
  'user-erased': userGone,
  'password-set': userGone,
  // What rests on name and password rests on no session.
  'session-ended': { ...userBack, 'log-subscription': 'unaffected' },
  'application-disabled': clientGone,
  'application-disabled-and-enabled': clientBack,
  'application-deleted': clientGone,
  'secret-rotated': { ...clientBack, 'client-credentials': 'refused' },
  'grant-type-removed': {
    ...clientGone,
    // Issued while the grant type was allowed, and short-lived.
    userinfo: 'unaffected',
    introspection: 'unaffected',
    'management-bearer': 'unaffected',
    'application-token': 'unaffected',
  },
  'client-revoked': clientGone,
  'oidc-removed': clientGone,
  'oidc-removed-and-configured': { ...clientBack, 'client-credentials': 'refused' },
  'consent-withdrawn': {
    ...userBack,
    // He is asked again, and may allow it again.
    'consent-answer': 'unaffected',
    'log-subscription': 'unaffected',
  },
  'organization-deactivated': {
    ...clientGone,
    'management-basic': 'refused',
    'log-basic': 'refused',
    'log-subscription': 'refused',
  },
  'key-retired': {
    login: 'unaffected',
    'single-sign-on': 'unaffected',
    'consent-answer': 'unaffected',
    'code-redemption': 'unaffected',
    refresh: 'unaffected',
    'client-credentials': 'unaffected',
    userinfo: 'refused',
    introspection: 'refused',
    'management-bearer': 'refused',
    'application-token': 'refused',
    'management-basic': 'unaffected',
    'log-basic': 'unaffected',
    'log-subscription': 'unaffected',
  },
};
