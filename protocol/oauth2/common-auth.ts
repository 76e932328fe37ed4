/** Where the login page sends name and password. */
import { admit } from '../../commands/admit.ts';
import { recordSessionEvent } from '../../commands/sessions/record.ts';
import { endSession, renewSession, type Session, startSession } from '../../commands/sessions/session.ts';
import { signIn } from '../../commands/users/sign-in.ts';
import { applications } from '../../domain/applications/application.ts';
import type { AppId, UserId } from '../../domain/ids.ts';
import type { LoginFailure } from '../../domain/sessions/session-events.ts';
import { users } from '../../domain/users/user.ts';
import type { LockReason } from '../../domain/users/user-events.ts';
import { localName } from '../http/authenticate.ts';
import type { Request, Response } from '../http/route.ts';
import { loginPageQuery } from './authorize.ts';
import { unknownFlow } from './authorize-request.ts';
import { showError } from './authorize-response.ts';
import { browserSession, sessionCookie } from './browser.ts';
import { type Flow, findFlow, finishLogin } from './flows.ts';
import { type OauthDoor, traceOf } from './oauth-door.ts';
import { redirectTo, redirectToPage, withCookie } from './page-address.ts';
import { formOf, type Parameters, readParameters } from './parameters.ts';

/** Authentication by password (RFC 8176). */
const AMR = ['pwd'];

/** Nothing is proven by an address: it leads back to the form of a login that is under way. */
export const commonAuthPage =
  (door: OauthDoor) =>
  async (request: Request): Promise<Response> => {
    const key = request.query.get('sessionDataKey');
    const flow = await findFlow(door, request, 'login-flow', key);
    return flow === null ? noFlow(request) : await backToForm(door, request, flow, {});
  };

export const commonAuth =
  (door: OauthDoor) =>
  async (request: Request): Promise<Response> => {
    const { parameters, refusal } = readParameters(formOf(request));
    const flow = await findFlow(door, request, 'login-flow', parameters.get('sessionDataKey') ?? null);
    if (refusal !== null || flow === null || flow.value.session !== null) return noFlow(request);

    const proven = await proveUser(door, request, flow, parameters);
    if ('failure' in proven) return await backToForm(door, request, flow, failureQuery(door, proven));
    const remember = parameters.get('chkRemember') === 'on';
    const started = await sessionFor(door, request, { user: proven.user, flow, remember });
    if (started === null)
      return await backToForm(door, request, flow, failureQuery(door, { ...proven, failure: 'not-admitted' }));
    if (!(await finishLogin(door, flow, started.session.id))) {
      await endSession(door.kernel, { ...ending(request, started.session), reason: 'replaced' });
      return noFlow(request);
    }
    const onward = redirectTo(`${request.tenant.baseUrl}/oauth2/authorize?sessionDataKey=${flow.key.id}`);
    return withCookie(onward, sessionCookie(request.tenant, started.cookie, remember));
  };

const noFlow = (request: Request): Response => showError(request, unknownFlow());

interface Failed {
  readonly failure: LoginFailure;
  readonly userName: string;
  readonly lockReason?: LockReason;
  readonly remainingAttempts?: number;
}

type Proven = { readonly user: UserId; readonly userName: string } | Failed;

async function proveUser(
  door: OauthDoor,
  request: Request,
  flow: Flow<'login-flow'>,
  parameters: Parameters,
): Promise<Proven> {
  const { tenant } = request;
  const userName = localName(parameters.get('username') ?? '', tenant);
  const signedIn = await signIn(door.kernel, {
    tenant: tenant.id,
    userName,
    password: parameters.get('password') ?? '',
    application: flow.value.request.application,
    trace: traceOf(request),
  });
  if (signedIn.ok) return { user: signedIn.value, userName };
  const { reason, user, remainingAttempts } = signedIn.refusal;
  const failed = { failure: reason, userName, ...(remainingAttempts === undefined ? {} : { remainingAttempts }) };
  if (reason !== 'locked' || user === null) return failed;
  const { state } = await door.kernel.aggregates.load(users, user);
  return state.lock === null ? failed : { ...failed, lockReason: state.lock.reason };
}

interface Login {
  readonly user: UserId;
  readonly flow: Flow<'login-flow'>;
  readonly remember: boolean;
}

/** A fresh secret each time; another user's session in this browser ends. Null: not admitted. */
async function sessionFor(door: OauthDoor, request: Request, { user, flow, remember }: Login) {
  const { kernel } = door;
  const tenant = request.tenant.id;
  const application = flow.value.request.application as AppId;
  const trace = traceOf(request);
  const admitted = await admit(kernel, { tenant, user, application });
  if (!admitted.ok) {
    const fact = { type: 'session.login.failed.v1', data: { application, reason: 'not-admitted' } } as const;
    await recordSessionEvent(kernel, { tenant, user, fact, trace });
    return null;
  }
  const former = await browserSession(door, request);
  if (former?.user === user) {
    const renewed = await renewSession(kernel, admitted.value, former.id, { amr: AMR, remember });
    if (renewed !== null) return renewed;
  }
  if (former !== null && former.user !== user) {
    await endSession(kernel, { ...ending(request, former), reason: 'replaced' });
  }
  return await startSession(kernel, admitted.value, { amr: AMR, remember, trace });
}

const ending = (request: Request, session: Session) => ({
  tenant: request.tenant.id,
  session,
  trace: traceOf(request),
});

async function backToForm(
  { kernel }: OauthDoor,
  { tenant }: Request,
  { key, value }: Flow<'login-flow'>,
  failure: Readonly<Record<string, string>>,
): Promise<Response> {
  const { state: application } = await kernel.aggregates.load(applications, value.request.application);
  const query = { ...loginPageQuery(key.id, value.request, application, null), ...failure };
  return redirectToPage(tenant, 'login.do', query);
}

/** Published codes; told only where the server is set to tell. */
const ERROR_CODES: Readonly<Record<LoginFailure, string>> = {
  'no-such-user': '17001',
  'wrong-password': '17002',
  locked: '17003',
  disabled: '17004',
  'not-admitted': '17002',
  'confirmation-pending': '17005',
  'reset-pending': '17006',
  'password-expired': 'password-expired',
};

const MESSAGES: Readonly<Partial<Record<LoginFailure, string>>> = {
  'confirmation-pending': 'account.confirmation.pending',
  'reset-pending': 'password.reset.pending',
  'password-expired': 'password.expired',
};

/** As the login page of the published contract has them. */
const LOCK_REASONS: Readonly<Partial<Record<LockReason, string>>> = {
  MAX_ATTEMPTS_EXCEEDED: 'MaxAttemptsExceeded',
  ADMIN_INITIATED: 'AdminInitiated',
};

function failureQuery({ showAuthFailureReason }: OauthDoor, failed: Failed) {
  const { failure, userName, lockReason, remainingAttempts } = failed;
  const query = { authFailure: 'true', authFailureMsg: 'login.fail.message' };
  if (!showAuthFailureReason) return query;
  const told = {
    ...query,
    authFailureMsg: MESSAGES[failure] ?? query.authFailureMsg,
    errorCode: ERROR_CODES[failure],
    failedUsername: userName,
    ...(remainingAttempts === undefined ? {} : { remainingAttempts: String(remainingAttempts) }),
  };
  if (lockReason === undefined) return told;
  const lockedReason = LOCK_REASONS[lockReason] ?? lockReason;
  return { ...told, errorCode: `${told.errorCode}:${lockedReason}`, lockedReason };
}
