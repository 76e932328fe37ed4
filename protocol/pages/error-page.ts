/** Tells the user that a request led nowhere. Only known texts: an address must not put words on this page. */
import type { ErrorForm, Response } from '../http/route.ts';
import { html } from './markup.ts';
import { type MessageId, message } from './messages.ts';
import { pageResponse } from './page.ts';

const BY_MESSAGE: ReadonlyMap<string, MessageId> = new Map([
  ['callback.not.match', 'error.callback'],
  ['login.flow.not.found', 'error.flow'],
  ['logout.flow.not.found', 'error.flow'],
  ['organization.not.active', 'error.organization'],
]);

const BY_CODE: ReadonlyMap<string, MessageId> = new Map([
  ['invalid_client', 'error.client'],
  ['invalid_callback', 'error.callback'],
  ['invalid_logout', 'error.logout'],
  ['server_error', 'error.fault'],
]);

/** `code` and `text` as they came in the address. */
export function errorPage(code: string, text: string, status = 400): Response {
  const id = BY_MESSAGE.get(text) ?? BY_CODE.get(code) ?? 'error.request';
  const title = message('error.title');
  const shown = /^[a-z_]{1,40}$/.test(code) ? message('error.code', { code }) : null;
  const main = html`<h1>${title}</h1>
<div class="failure" role="alert"><p>${message(id)}</p></div>
${shown === null ? null : html`<p class="note">${shown}</p>`}`;
  return pageResponse({ title, main, status });
}

export const pageErrors: ErrorForm = {
  respond({ status, retryAfterS }) {
    const page = errorPage(status >= 500 ? 'server_error' : 'invalid_request', '', status);
    if (retryAfterS === undefined) return page;
    return { ...page, headers: { ...page.headers, 'retry-after': String(retryAfterS) } };
  },
};
