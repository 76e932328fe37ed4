/** The sign-in form. The names of its fields are published: scripts read and send them. */
import type { Response } from '../http/route.ts';
import { html, type Markup } from './markup.ts';
import { isMessage, message } from './messages.ts';
import { pageResponse } from './page.ts';

export interface LoginPage {
  readonly sessionDataKey: string;
  readonly application: string;
  /** What stands in the field already. */
  readonly userName: string;
  readonly failed: boolean;
  /** Published failure code; null where it is not told. */
  readonly errorCode: string | null;
  readonly formTarget: string;
}

export function loginPage(page: LoginPage): Response {
  const { sessionDataKey, application, userName, failed, formTarget } = page;
  const title = message('login.title');
  const described = failed ? html` aria-invalid="true" aria-describedby="failure"` : null;
  const main = html`<h1>${title}</h1>
<p class="lead">${message('login.to', { application })}</p>
${failed ? failureSummary(page) : null}
<form method="post" action="../commonauth">
<input type="hidden" name="sessionDataKey" value="${sessionDataKey}">
<label for="username">${message('login.username')}</label>
<input id="username" name="username" type="text" value="${userName}" autocomplete="username" autocapitalize="none" spellcheck="false" required${described}${focusIf(userName === '')}>
<label for="password">${message('login.password')}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${described}${focusIf(userName !== '')}>
<label class="check" for="chkRemember"><input id="chkRemember" name="chkRemember" type="checkbox"> ${message('login.remember')}</label>
<button type="submit">${message('login.submit')}</button>
</form>`;
  return pageResponse({ title, main, formTarget });
}

const focusIf = (focused: boolean): Markup | null => (focused ? html` autofocus` : null);

function failureSummary({ errorCode }: LoginPage): Markup {
  const id = `login.failed.${(errorCode ?? '').split(':')[0]}`;
  const text = message(isMessage(id) ? id : 'login.failed');
  return html`<div id="failure" class="failure" role="alert"><h2>${message('login.failed.title')}</h2><p>${text}</p></div>`;
}
