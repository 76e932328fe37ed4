/**
 * The authorization endpoint (RFC 6749 §4.1.1, OIDC Core §3.1.2): a new request, the return from the login page, or
 * the answer of the consent page.
 */
import { grantedScopes } from '../../commands/access.ts';
import { admit } from '../../commands/admit.ts';
import type { Client } from '../../commands/applications/client-directory.ts';
import type { Session } from '../../commands/sessions/session.ts';
import { subjectOf } from '../../commands/tokens/id-token.ts';
import { type Application, applications } from '../../domain/applications/application.ts';
import { users } from '../../domain/users/user.ts';
import type { Request, Response } from '../http/route.ts';
import { readIdTokenHint } from '../oidc/id-token-hint.ts';
import { answer, refused } from './authorize-answer.ts';
import {
  AuthorizeError,
  type AuthorizeRequest,
  readAuthorizeRequest,
  UntrustedRequest,
  unknownFlow,
} from './authorize-request.ts';
import { refuseAtCallback, showError } from './authorize-response.ts';
import { bindBrowser, browserSession } from './browser.ts';
import { answerConsent, needsConsent } from './consent.ts';
import { beginFlow, findFlow, useUpFlow } from './flows.ts';
import type { OauthDoor } from './oauth-door.ts';
import { redirectToPage, withCookie } from './page-address.ts';
import { formOf } from './parameters.ts';

export const authorizeEndpoint =
  (door: OauthDoor) =>
  async (request: Request): Promise<Response> => {
    try {
      return await authorize(door, request);
    } catch (error) {
      if (error instanceof UntrustedRequest) return showError(request, error);
      if (error instanceof AuthorizeError) return refuseAtCallback(request, error);
      throw error;
    }
  };

async function authorize(door: OauthDoor, request: Request): Promise<Response> {
  const form = formOf(request);
  if (form.has('sessionDataKeyConsent')) return await answerConsent(door, request, form);
  if (request.query.has('sessionDataKey') && !request.query.has('client_id')) return await resume(door, request);
  return await begin(door, request);
}

async function begin(door: OauthDoor, request: Request): Promise<Response> {
  const { authorize, client, loginHint, idTokenHint } = await readAuthorizeRequest(door, request);
  const tenant = request.tenant.id;
  const admitted = await admit(door.kernel, { tenant, application: client.id, grantType: 'authorization_code' });
  if (!admitted.ok) throw refused(authorize, admitted.refusal);

  const session = await sessionOf(door, request, client, idTokenHint);
  if (session !== null && isEnough(session, authorize, door.kernel.clock())) {
    return await goOn(door, request, authorize, session);
  }
  if (authorize.prompts.includes('none')) {
    throw new AuthorizeError(authorize, 'login_required', 'Authentication required');
  }
  const browser = bindBrowser(request);
  const key = await beginFlow(door, request, 'login-flow', { browser, request: authorize, session: null });
  if (key === null) throw tooManyPending(authorize);
  const page = redirectToPage(
    request.tenant,
    'login.do',
    loginPageQuery(key, authorize, client.application, loginHint),
  );
  return withCookie(page, browser.cookie);
}

const tooManyPending = (authorize: AuthorizeRequest): AuthorizeError =>
  new AuthorizeError(authorize, 'temporarily_unavailable', 'Too many sign-ins are under way. Try again later.');

/** The session of the user whom the hint names (OIDC Core §3.1.2.1): another's is as good as none. */
async function sessionOf(
  door: OauthDoor,
  request: Request,
  { application }: Client,
  idTokenHint: string | null,
): Promise<Session | null> {
  const session = await browserSession(door, request);
  if (session === null || idTokenHint === null) return session;
  const hint = await readIdTokenHint(door, request, idTokenHint);
  const { state: user } = await door.kernel.aggregates.load(users, session.user);
  return hint?.subject === subjectOf(application, user, session.user) ? session : null;
}

/** What the login page is called with; published, as scripts read it. */
export function loginPageQuery(
  key: string,
  { clientId }: AuthorizeRequest,
  { name }: Application,
  loginHint: string | null,
): Record<string, string> {
  const query = {
    sessionDataKey: key,
    relyingParty: clientId,
    type: 'oidc',
    sp: name,
    authenticators: 'BasicAuthenticator:LOCAL',
  };
  return loginHint === null ? query : { ...query, login_hint: loginHint };
}

function isEnough({ authenticatedAtMs }: Session, { prompts, maxAgeS }: AuthorizeRequest, nowMs: number): boolean {
  if (prompts.includes('login') || prompts.includes('select_account')) return false;
  return maxAgeS === null || nowMs - authenticatedAtMs <= maxAgeS * 1000;
}

/** Back from the login page. */
async function resume(door: OauthDoor, request: Request): Promise<Response> {
  const flow = await findFlow(door, request, 'login-flow', request.query.get('sessionDataKey'));
  if (flow === null || flow.value.session === null) throw unknownFlow();
  const session = await browserSession(door, request);
  if (session?.id !== flow.value.session) throw unknownFlow();
  if (!(await useUpFlow(door, flow))) throw unknownFlow();
  return await goOn(door, request, flow.value.request, session);
}

/** The user is known: asks for consent where it is needed, else answers. */
async function goOn(
  door: OauthDoor,
  request: Request,
  authorize: AuthorizeRequest,
  session: Session,
): Promise<Response> {
  const { kernel } = door;
  const { state: application } = await kernel.aggregates.load(applications, authorize.application);
  const { state: user } = await kernel.aggregates.load(users, session.user);
  const scopes = await grantedScopes(
    door,
    { id: authorize.application, state: application },
    { id: session.user, tenant: user.tenant, org: user.org },
    new Set(authorize.scopes),
  );
  if (!(await needsConsent(door, authorize, { application, session, scopes }))) {
    return await answer(door, request, authorize, { session, scopes });
  }
  if (authorize.prompts.includes('none')) {
    throw new AuthorizeError(authorize, 'consent_required', 'Consent required');
  }
  const browser = bindBrowser(request);
  const flow = { browser, request: authorize, session: session.id, user: session.user, scopes };
  const key = await beginFlow(door, request, 'consent-flow', flow);
  if (key === null) throw tooManyPending(authorize);
  const query = { sessionDataKeyConsent: key, application: application.name, scope: scopes.join(' ') };
  return withCookie(redirectToPage(request.tenant, 'oauth2_consent.do', query), browser.cookie);
}
