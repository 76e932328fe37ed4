/** Logout begun by a client (OIDC RP-Initiated Logout 1.0): ends the browser's own session, after asking. */

import type { Client } from '../../commands/applications/client-directory.ts';
import { endSession, type Session } from '../../commands/sessions/session.ts';
import { subjectOf } from '../../commands/tokens/id-token.ts';
import { users } from '../../domain/users/user.ts';
import type { Request, Response } from '../http/route.ts';
import { UntrustedRequest } from '../oauth2/authorize-request.ts';
import { showError, withQuery } from '../oauth2/authorize-response.ts';
import { bindBrowser, browserSession, clearedSessionCookie } from '../oauth2/browser.ts';
import { beginFlow, findFlow, useUpFlow } from '../oauth2/flows.ts';
import { type OauthDoor, traceOf } from '../oauth2/oauth-door.ts';
import { redirectTo, redirectToPage, withCookie } from '../oauth2/page-address.ts';
import {
  formOf,
  KEPT_PARAMETER_CHARACTERS_MAX,
  type Parameters,
  readParameters,
  refusalText,
} from '../oauth2/parameters.ts';
import { isRegistered } from '../oauth2/redirect-uri.ts';
import { type IdTokenHint, readIdTokenHint } from './id-token-hint.ts';

export const logoutEndpoint =
  (door: OauthDoor) =>
  async (request: Request): Promise<Response> => {
    try {
      const form = formOf(request);
      if (form.has('consent')) return await answerConsent(door, request, form);
      return await begin(door, request, request.method === 'POST' ? form : request.query);
    } catch (error) {
      if (error instanceof UntrustedRequest) return showError(request, error);
      throw error;
    }
  };

interface LogoutRequest {
  /** Null where nobody says who asks. */
  readonly client: Client | null;
  readonly hint: IdTokenHint | null;
  /** Where to go then; registered. */
  readonly target: string | null;
  readonly state: string | null;
}

async function begin(door: OauthDoor, request: Request, given: URLSearchParams): Promise<Response> {
  const { parameters, refusal } = readParameters(given);
  if (refusal !== null) throw new UntrustedRequest('invalid_logout', refusalText(refusal));
  const logout = await readLogoutRequest(door, request, parameters);
  const session = await browserSession(door, request);
  if (session === null) return done(request, logout);
  if (logout.client?.application.consent.skipLogout === true && (await isOf(door, session, logout))) {
    return await end(door, request, session, logout);
  }
  // Anybody can lead a browser here: without a hint of this very session, the user decides.
  const browser = bindBrowser(request);
  const { target, state } = logout;
  const key = await beginFlow(door, request, 'logout-flow', { browser, session: session.id, target, state });
  if (key === null) throw new UntrustedRequest('temporarily_unavailable', 'Too many logouts are under way.');
  const page = redirectToPage(request.tenant, 'oauth2_logout_consent.do', { sessionDataKey: key });
  return withCookie(page, browser.cookie);
}

async function readLogoutRequest(door: OauthDoor, request: Request, parameters: Parameters): Promise<LogoutRequest> {
  const token = parameters.get('id_token_hint');
  const hint = token === undefined ? null : await readIdTokenHint(door, request, token);
  if (token !== undefined && hint === null) throw refused('The id_token_hint is not valid.');
  const clientId = parameters.get('client_id') ?? hint?.clientId;
  if (hint !== null && clientId !== hint.clientId) throw refused('The client_id is not that of the id_token_hint.');
  const client = clientId === undefined ? null : await door.clients.find(request.tenant.id, clientId);
  if (clientId !== undefined && client === null) throw refused('The client is not known.');

  const target = parameters.get('post_logout_redirect_uri') ?? null;
  const state = parameters.get('state') ?? null;
  if (Math.max(target?.length ?? 0, state?.length ?? 0) > KEPT_PARAMETER_CHARACTERS_MAX) {
    throw refused('Invalid request with too many or too long parameters.');
  }
  if (target === null) return { client, hint, target, state };
  if (client === null) throw refused('A post_logout_redirect_uri needs an id_token_hint or a client_id.');
  if (!isRegistered(request.tenant, client.application, target)) {
    throw refused('Post logout URI does not match with registered callback URI.');
  }
  return { client, hint, target, state };
}

const refused = (text: string): UntrustedRequest => new UntrustedRequest('invalid_logout', text);

/** Whether the hint speaks of this session, so that the client that sends it took part in it. */
async function isOf({ kernel }: OauthDoor, session: Session, { client, hint }: LogoutRequest): Promise<boolean> {
  if (client === null || hint === null) return false;
  const { state: user } = await kernel.aggregates.load(users, session.user);
  return hint.session === session.id && hint.subject === subjectOf(client.application, user, session.user);
}

async function answerConsent(door: OauthDoor, request: Request, form: URLSearchParams): Promise<Response> {
  const flow = await findFlow(door, request, 'logout-flow', form.get('sessionDataKey'));
  const session = await browserSession(door, request);
  const mine = flow !== null && session?.id === flow.value.session;
  if (!mine || !(await useUpFlow(door, flow))) throw new UntrustedRequest('invalid_logout', 'logout.flow.not.found');
  const { target, state } = flow.value;
  if (form.get('consent') === 'approve') return await end(door, request, session, { target, state });
  const denied = { error: 'access_denied', error_description: 'End User denied the logout request' };
  if (target !== null) return redirectTo(withQuery(target, state === null ? denied : { ...denied, state }));
  return redirectTo(`${request.tenant.baseUrl}/`);
}

type Onward = Pick<LogoutRequest, 'target' | 'state'>;

async function end(door: OauthDoor, request: Request, session: Session, onward: Onward): Promise<Response> {
  const { tenant } = request;
  await endSession(door.kernel, { tenant: tenant.id, session, reason: 'logout', trace: traceOf(request) });
  return withCookie(done(request, onward), clearedSessionCookie(tenant));
}

function done({ tenant }: Request, { target, state }: Onward): Response {
  if (target === null) return redirectToPage(tenant, 'logout.do', {});
  return redirectTo(state === null ? target : withQuery(target, { state }));
}
