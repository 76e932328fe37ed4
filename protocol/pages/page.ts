/** The frame of every page of the portal. */
import type { Response } from '../http/route.ts';
import { html, type Markup } from './markup.ts';
import { message } from './messages.ts';

export interface Page {
  readonly title: string;
  readonly main: Markup;
  readonly status?: number;
  /** Beside the server itself, where the form's answer may lead: browsers check redirects after a form, too. */
  readonly formTarget?: string | null;
  /** A script of the server's own. */
  readonly script?: string;
  /** Where the portal's files are, seen from the page's address. */
  readonly base?: string;
}

export function pageResponse({ title, main, status = 200, formTarget = null, script, base = '' }: Page): Response {
  const head = script === undefined ? null : html`<script src="${base + script}" defer></script>`;
  const document = html`<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title} · ${message('brand')}</title>
<link rel="stylesheet" href="${base}portal.css">
${head}
</head>
<body>
<a class="skip" href="#main">${message('skip')}</a>
<header class="brand"><span class="mark" aria-hidden="true"></span>${message('brand')}</header>
<main id="main" tabindex="-1">
${main}
</main>
</body>
</html>
`;
  const forms = formTarget === null ? "'self'" : `'self' ${formTarget}`;
  const scripts = script === undefined ? '' : "; script-src 'self'";
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'content-security-policy': `default-src 'none'; style-src 'self'${scripts}; form-action ${forms}; frame-ancestors 'none'; base-uri 'none'`,
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
    body: document.text,
  };
}
