/** Asks whether to sign out, and says that it is done. */
import type { Response } from '../http/route.ts';
import { html } from './markup.ts';
import { message } from './messages.ts';
import { pageResponse } from './page.ts';

export function logoutConsentPage(sessionDataKey: string, formTarget: string | null): Response {
  const title = message('logout.title');
  const main = html`<h1>${title}</h1>
<p class="lead">${message('logout.asks')}</p>
<form method="post" action="../oidc/logout">
<input type="hidden" name="sessionDataKey" value="${sessionDataKey}">
<div class="choices">
<button type="submit" name="consent" value="approve">${message('logout.yes')}</button>
<button type="submit" name="consent" value="deny" class="second">${message('logout.no')}</button>
</div>
</form>`;
  return pageResponse({ title, main, formTarget });
}

export function loggedOutPage(): Response {
  const title = message('logout.done.title');
  return pageResponse({ title, main: html`<h1>${title}</h1>\n<p class="lead">${message('logout.done')}</p>` });
}
