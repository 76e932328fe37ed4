/** Asks the user what an application may have. */
import type { Response } from '../http/route.ts';
import { html } from './markup.ts';
import { isMessage, message } from './messages.ts';
import { pageResponse } from './page.ts';

export interface ConsentPage {
  readonly sessionDataKeyConsent: string;
  readonly application: string;
  readonly scopes: readonly string[];
  readonly formTarget: string;
}

export function consentPage({ sessionDataKeyConsent, application, scopes, formTarget }: ConsentPage): Response {
  const title = message('consent.title');
  const listed = scopes.length === 0 ? [message('consent.none')] : scopes.map(scopeText);
  const main = html`<h1>${title}</h1>
<p class="lead">${message('consent.asks', { application })}</p>
<form method="post" action="../oauth2/authorize">
<input type="hidden" name="sessionDataKeyConsent" value="${sessionDataKeyConsent}">
<p id="list">${message('consent.list', { application })}</p>
<ul aria-labelledby="list">
${listed.map((text) => html`<li>${text}</li>`)}
</ul>
<p class="note">${message('consent.withdraw')}</p>
<div class="choices">
<button type="submit" name="consent" value="approveAlways">${message('consent.always')}</button>
<button type="submit" name="consent" value="approve" class="second">${message('consent.once')}</button>
<button type="submit" name="consent" value="deny" class="second">${message('consent.deny')}</button>
</div>
</form>`;
  return pageResponse({ title, main, formTarget });
}

function scopeText(scope: string): string {
  const id = `scope.${scope}`;
  return isMessage(id) ? message(id) : message('scope.other', { scope });
}
