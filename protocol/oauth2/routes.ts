/** Every route of the OAuth 2 and OpenID Connect door, with the pages that people see. */
import type { ErrorForm, Request, Response, Route } from '../http/route.ts';
import { discoveryEndpoints } from '../oidc/discovery.ts';
import { logoutEndpoint } from '../oidc/logout.ts';
import { userinfoEndpoint } from '../oidc/userinfo.ts';
import { pageErrors } from '../pages/error-page.ts';
import { formPostScript } from '../pages/form-post-page.ts';
import { portalCss } from '../pages/portal-css.ts';
import { authorizeEndpoint } from './authorize.ts';
import { createClientAuthentication } from './client-authentication.ts';
import { commonAuth, commonAuthPage } from './common-auth.ts';
import { preflight } from './cross-origin.ts';
import { introspectionEndpoint } from './introspect.ts';
import type { OauthDoor } from './oauth-door.ts';
import { oauthErrors } from './oauth-error.ts';
import { createPendingFlows, type PendingFlowLimits } from './pending-flows.ts';
import { showConsent, showLoggedOut, showLogin, showLogoutConsent, showOauthError } from './portal.ts';
import { revocationEndpoint } from './revoke.ts';
import { tokenEndpoint } from './token.ts';

/** More than any form of the door needs. */
const FORM_BYTES_MAX = 65_536;

type Handler = (request: Request) => Promise<Response> | Response;

export interface OauthParts extends Omit<OauthDoor, 'pendingFlows'> {
  readonly pendingFlowLimits?: PendingFlowLimits;
}

export function oauthRoutes({ pendingFlowLimits, ...parts }: OauthParts): readonly Route[] {
  const door: OauthDoor = { ...parts, pendingFlows: createPendingFlows(parts.kernel.telemetry, pendingFlowLimits) };
  const authentication = createClientAuthentication(door);
  const { discovery, jwks } = discoveryEndpoints(door);
  const authorize = authorizeEndpoint(door);
  const logout = logoutEndpoint(door);
  const userinfo = userinfoEndpoint(door);
  return [
    form('/oauth2/token', 'Exchanges a grant for tokens (RFC 6749).', tokenEndpoint(door, authentication)),
    form(
      '/oauth2/introspect',
      'Tells whether a token is active (RFC 7662).',
      introspectionEndpoint(door, authentication),
    ),
    form('/oauth2/revoke', 'Revokes a token (RFC 7009).', revocationEndpoint(door, authentication)),
    form('/oauth2/userinfo', 'Claims about the user of a token (OIDC Core §5.3).', userinfo),
    get('/oauth2/userinfo', 'Claims about the user of a token (OIDC Core §5.3).', userinfo, { access: 'handler' }),
    get('/oauth2/jwks', 'The published signing keys (RFC 7517).', jwks),
    get('/oauth2/:segment/.well-known/openid-configuration', 'The discovery document (OIDC Discovery).', discovery),
    ...page('/oauth2/authorize', 'Begins a sign-in to an application (RFC 6749).', { get: authorize, post: authorize }),
    ...page('/commonauth', 'Receives name and password.', { get: commonAuthPage(door), post: commonAuth(door) }),
    ...page('/oidc/logout', 'Ends the session (OIDC RP-Initiated Logout).', { get: logout, post: logout }),
    ...page('/authenticationendpoint/login.do', 'The sign-in form.', { get: showLogin(door) }),
    ...page('/authenticationendpoint/oauth2_consent.do', 'The consent form.', { get: showConsent(door) }),
    ...page('/authenticationendpoint/oauth2_error.do', 'Why a request led nowhere.', { get: showOauthError }),
    ...page('/authenticationendpoint/oauth2_logout_consent.do', 'The sign-out form.', { get: showLogoutConsent(door) }),
    ...page('/authenticationendpoint/logout.do', 'Says that the session ended.', { get: showLoggedOut }),
    ...page('/authenticationendpoint/portal.css', 'The style sheet of the pages.', { get: portalCss }),
    ...page('/authenticationendpoint/form-post.js', 'Sends the form of response mode form_post.', {
      get: () => formPostScript,
    }),
    ...preflights(door),
  ];
}

function preflights({ knownOrigin }: OauthDoor): readonly Route[] {
  if (knownOrigin === undefined) return [];
  const handle = preflight(knownOrigin);
  return ['/oauth2/token', '/oauth2/revoke', '/oauth2/userinfo'].map((path) => ({
    ...get(path, 'Tells a browser which pages may ask (CORS).', handle),
    method: 'OPTIONS',
  }));
}

const form = (path: string, summary: string, handle: Handler): Route => ({
  method: 'POST',
  path,
  access: { kind: 'handler' },
  body: 'form',
  bodyBytesMax: FORM_BYTES_MAX,
  errors: oauthErrors,
  summary,
  handle,
});

interface Documented {
  readonly access?: 'public' | 'handler';
  readonly errors?: ErrorForm;
}

const get = (
  path: string,
  summary: string,
  handle: Handler,
  { access = 'public', errors }: Documented = {},
): Route => ({
  method: 'GET',
  path,
  access: { kind: access },
  body: 'none',
  errors: errors ?? oauthErrors,
  summary,
  handle,
});

function page(path: string, summary: string, handlers: { readonly get: Handler; readonly post?: Handler }): Route[] {
  const routes = [get(path, summary, handlers.get, { errors: pageErrors })];
  if (handlers.post !== undefined) routes.push({ ...form(path, summary, handlers.post), errors: pageErrors });
  return routes;
}
