/** The answer of the authorization endpoint, at the client's callback or on the server's own error page. */
import { issuerOf } from '../http/authenticate.ts';
import type { Request, Response } from '../http/route.ts';
import { formPostPage } from '../pages/form-post-page.ts';
import type { AuthorizeError, Callback, UntrustedRequest } from './authorize-request.ts';
import { redirectTo, redirectToPage } from './page-address.ts';
import { formTarget } from './redirect-uri.ts';

/** `iss` tells the client which server answered (RFC 9207). */
export function answerCallback(
  { redirectUri, responseMode, state }: Callback,
  answer: { readonly iss: string } & Readonly<Record<string, string>>,
): Response {
  const parameters = state === null ? answer : { ...answer, state };
  if (responseMode === 'form_post') return formPostPage(redirectUri, parameters, formTarget(redirectUri));
  return redirectTo(withQuery(redirectUri, parameters));
}

export const refuseAtCallback = (request: Request, { callback, code, message }: AuthorizeError): Response =>
  answerCallback(callback, { error: code, error_description: message, iss: issuerOf(request.tenant) });

export const showError = ({ tenant }: Request, { code, message }: UntrustedRequest): Response =>
  redirectToPage(tenant, 'oauth2_error.do', { oauthErrorCode: code, oauthErrorMsg: message });

/** Appended as text: the registered address is kept byte for byte. */
export function withQuery(uri: string, parameters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(parameters).toString();
  if (!uri.includes('?')) return `${uri}?${query}`;
  return uri.endsWith('?') || uri.endsWith('&') ? uri + query : `${uri}&${query}`;
}
