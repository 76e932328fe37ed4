/** The one style sheet of the portal. Colour, space and type are tokens: branding changes these alone. */
import { createHash } from 'node:crypto';
import type { Request, Response } from '../http/route.ts';

const CSS = `:root {
  color-scheme: light dark;
  --paper: #f4f5f7; --card: #ffffff; --ink: #16181d; --quiet: #545b69; --line: #8b93a1;
  --accent: #1f4e8c; --accent-ink: #ffffff; --accent-strong: #163a69;
  --alert: #9a1b1b; --alert-paper: #fdf0ef;
  --space: 1rem; --radius: 0.625rem;
  --type: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #101216; --card: #191c22; --ink: #eceef2; --quiet: #a9b0bd; --line: #737b8a;
    --accent: #8fb8f0; --accent-ink: #0d1420; --accent-strong: #b3d0f7;
    --alert: #ffb1a8; --alert-paper: #331a18;
  }
}
* { box-sizing: border-box; }
html { font: 100%/1.5 var(--type); -webkit-text-size-adjust: 100%; }
body { margin: 0; min-height: 100vh; background: var(--paper); color: var(--ink);
  display: flex; flex-direction: column; align-items: center; padding: calc(var(--space) * 3) var(--space); }
.skip { position: absolute; inset-inline-start: -100rem; }
.skip:focus { inset-inline-start: var(--space); top: var(--space); background: var(--card); padding: 0.5rem 1rem; }
.brand { display: flex; align-items: center; gap: 0.625rem; font-weight: 650; letter-spacing: 0.01em;
  margin-block-end: calc(var(--space) * 1.5); }
.mark { inline-size: 1.75rem; block-size: 1.75rem; border-radius: 0.4rem; background: var(--accent);
  box-shadow: inset 0 0 0 0.35rem var(--accent), inset 0 0 0 0.45rem var(--accent-ink); }
main { inline-size: 100%; max-inline-size: 26rem; background: var(--card); border: 1px solid color-mix(in srgb, var(--line) 40%, transparent);
  border-radius: var(--radius); padding: calc(var(--space) * 2); box-shadow: 0 0.5rem 2rem rgb(0 0 0 / 0.06); }
main:focus { outline: none; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 0.25rem; }
h2 { font-size: 1rem; margin: 0 0 0.25rem; }
p { margin: 0 0 var(--space); overflow-wrap: anywhere; }
.lead, .note { color: var(--quiet); }
.note { font-size: 0.875rem; margin-block-start: var(--space); }
ul { margin: 0 0 var(--space); padding-inline-start: 1.25rem; }
li { margin-block-end: 0.375rem; overflow-wrap: anywhere; }
label { display: block; font-weight: 600; margin-block: var(--space) 0.375rem; }
input[type="text"], input[type="password"] { inline-size: 100%; min-block-size: 2.75rem; padding: 0.5rem 0.75rem;
  font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 0.5rem; }
input[aria-invalid="true"] { border-color: var(--alert); border-inline-start-width: 0.3rem; }
.check { display: flex; align-items: center; gap: 0.625rem; font-weight: 400; }
.check input { inline-size: 1.25rem; block-size: 1.25rem; margin: 0; accent-color: var(--accent); flex: none; }
button { inline-size: 100%; min-block-size: 2.875rem; margin-block-start: calc(var(--space) * 1.25); padding: 0.5rem 1rem;
  font: inherit; font-weight: 650; color: var(--accent-ink); background: var(--accent); border: 1px solid var(--accent);
  border-radius: 0.5rem; cursor: pointer; }
button:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
button.second { color: var(--accent); background: transparent; }
button.second:hover { color: var(--accent-strong); border-color: var(--accent-strong); }
.choices button { margin-block-start: 0.625rem; }
:focus-visible { outline: 0.1875rem solid var(--accent); outline-offset: 0.125rem; }
.failure { border: 1px solid var(--alert); border-inline-start-width: 0.3rem; border-radius: 0.5rem; color: var(--alert);
  background: var(--alert-paper); padding: 0.75rem var(--space); margin-block: var(--space); }
.failure p { margin: 0; }
@media (max-width: 30rem) {
  body { padding: var(--space); }
  main { padding: calc(var(--space) * 1.25); }
}
@media (forced-colors: active) { .mark { border: 0.2rem solid CanvasText; } }
`;

const etag = `"${createHash('sha256').update(CSS).digest('base64url').slice(0, 22)}"`;
const headers = { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=3600', etag } as const;
const body = Buffer.from(CSS);

export const portalCss = (request: Request): Response =>
  request.headers['if-none-match'] === etag ? { status: 304, headers, body: null } : { status: 200, headers, body };
