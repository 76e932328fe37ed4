/** Sends an answer to the client's callback as a form (OAuth 2.0 Form Post Response Mode), by itself or by a button. */
import type { Response } from '../http/route.ts';
import { html } from './markup.ts';
import { message } from './messages.ts';
import { pageResponse } from './page.ts';

const SCRIPT = `document.getElementById('answer').submit();\n`;

export function formPostPage(
  action: string,
  parameters: Readonly<Record<string, string>>,
  formTarget: string,
): Response {
  const title = message('post.title');
  const fields = Object.entries(parameters).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">\n`,
  );
  const main = html`<h1>${title}</h1>
<form id="answer" method="post" action="${action}">
${fields}<button type="submit">${message('post.submit')}</button>
</form>`;
  // The page stands at the authorization endpoint: the portal's files are beside it.
  return pageResponse({ title, main, formTarget, base: '../authenticationendpoint/', script: 'form-post.js' });
}

export const formPostScript: Response = {
  status: 200,
  headers: { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'public, max-age=3600' },
  body: SCRIPT,
};
