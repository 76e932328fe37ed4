/** The portal's pages, at their published names. They show; what they lead to decides. */
import { applications } from '../../domain/applications/application.ts';
import type { Request, Response } from '../http/route.ts';
import { consentPage } from '../pages/consent-page.ts';
import { errorPage } from '../pages/error-page.ts';
import { loginPage } from '../pages/login-page.ts';
import { loggedOutPage, logoutConsentPage } from '../pages/logout-page.ts';
import { findFlow } from './flows.ts';
import type { OauthDoor } from './oauth-door.ts';
import { KEPT_PARAMETER_CHARACTERS_MAX } from './parameters.ts';
import { formTarget } from './redirect-uri.ts';

type Handler = (request: Request) => Promise<Response>;

const FLOW_LOST = errorPage('invalid_request', 'login.flow.not.found');

export const showLogin =
  (door: OauthDoor): Handler =>
  async (request) => {
    const { query } = request;
    const flow = await findFlow(door, request, 'login-flow', query.get('sessionDataKey'));
    if (flow === null || flow.value.session !== null) return FLOW_LOST;
    const { application, redirectUri } = flow.value.request;
    const { state } = await door.kernel.aggregates.load(applications, application);
    return loginPage({
      sessionDataKey: flow.key.id,
      application: state.name,
      userName: (query.get('failedUsername') ?? query.get('login_hint') ?? '').slice(0, KEPT_PARAMETER_CHARACTERS_MAX),
      failed: query.get('authFailure') === 'true',
      errorCode: door.showAuthFailureReason ? query.get('errorCode') : null,
      formTarget: formTarget(redirectUri),
    });
  };

export const showConsent =
  (door: OauthDoor): Handler =>
  async (request) => {
    const flow = await findFlow(door, request, 'consent-flow', request.query.get('sessionDataKeyConsent'));
    if (flow === null) return FLOW_LOST;
    const { application, redirectUri } = flow.value.request;
    const { state } = await door.kernel.aggregates.load(applications, application);
    return consentPage({
      sessionDataKeyConsent: flow.key.id,
      application: state.name,
      scopes: flow.value.scopes,
      formTarget: formTarget(redirectUri),
    });
  };

export const showLogoutConsent =
  (door: OauthDoor): Handler =>
  async (request) => {
    const flow = await findFlow(door, request, 'logout-flow', request.query.get('sessionDataKey'));
    if (flow === null) return FLOW_LOST;
    const { target } = flow.value;
    return logoutConsentPage(flow.key.id, target === null ? null : formTarget(target));
  };

export const showLoggedOut = (): Response => loggedOutPage();

export const showOauthError = ({ query }: Request): Response =>
  errorPage(query.get('oauthErrorCode') ?? '', query.get('oauthErrorMsg') ?? '');
