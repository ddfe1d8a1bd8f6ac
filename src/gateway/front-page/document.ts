import { randomBytes } from "node:crypto";
import type { HttpResponse } from "../../lib/index.ts";
import { type Html, type HtmlPart, html, trusted } from "./html.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";

/** How often a browser without JavaScript loads the page again. */
const reloadSeconds = 10;

const boat = trusted(
  `<svg viewBox="0 0 48 48" fill="none" stroke="currentColor" stroke-width="3" stroke-linejoin="round" stroke-linecap="round" aria-hidden="true"><path d="M22 6v25M22 8l15 19H22M17 13 9 27h8M5 33h38l-6 9H12z"/></svg>`,
);
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 48 48' fill='none' stroke='%230a8aa8' stroke-width='4' stroke-linejoin='round' stroke-linecap='round'%3E%3Cpath d='M22 6v25M22 8l15 19H22M17 13 9 27h8M5 33h38l-6 9H12z'/%3E%3C/svg%3E";

/**
 * A whole page, readable without JavaScript and live with it.
 */
export function documentResponse(
  status: number,
  page: {
    title: string;
    nav: HtmlPart;
    about: HtmlPart;
    sections: readonly Html[];
    /** What the page shows, and where its sections are to be had anew; absent on pages that never change. */
    live?: { revision: string; fragments: string };
  },
): HttpResponse {
  const nonce = randomBytes(16).toString("base64");
  const text = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${page.title}</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="${icon}">
${page.live && html`<noscript><meta http-equiv="refresh" content="${reloadSeconds}"></noscript>`}
<style nonce="${nonce}">${trusted(style)}</style></head>
<body><header><a class="brand" href="/">${boat}Skiff</a><nav aria-label="Breadcrumb">${page.nav}</nav><div class="about">${page.about}<span id="live" role="status"></span></div></header>
<main${page.live && html` data-revision="${page.live.revision}" data-fragments="${page.live.fragments}"`}>${page.sections}</main>
<footer>The same as JSON: <a href="/api/status">/api/status</a></footer>
${page.live && html`<script nonce="${nonce}">${trusted(script)}</script>`}</body></html>
`;
  return {
    status,
    headers: {
      ...plainHeaders,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    },
    body: text.text,
  };
}

/** What every answer of the front page carries: it is never kept, never guessed about and never linked from outside. */
export const plainHeaders = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
} as const;
