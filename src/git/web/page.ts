import { createHash } from "node:crypto";
import type { HttpResponse } from "../../lib/index.ts";
import type { Identity } from "../authenticate.ts";
import { type Html, html } from "./html.ts";

const style = `
:root{color-scheme:light dark;--ink:light-dark(#1d2530,#dfe5ec);--soft:light-dark(#5c6773,#93a0ae);--line:light-dark(#dbe1e8,#2f3944);
--back:light-dark(#fff,#12171d);--panel:light-dark(#f5f7f9,#1a2129);--link:light-dark(#0b5cad,#6cb2ff);
--add:light-dark(#e2f6e5,#12341c);--del:light-dark(#fde7e7,#421a1c);--hunk:light-dark(#e9f1fb,#17293d)}
*{box-sizing:border-box}
body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back)}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
code,pre,.mono,.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px}
header{background:var(--panel);border-bottom:1px solid var(--line);padding:.7rem 1.2rem;display:flex;gap:1rem;justify-content:space-between;flex-wrap:wrap}
header strong a{color:inherit}
main{max-width:1100px;margin:0 auto;padding:1.2rem}
h1{font-size:1.35rem;margin:.2rem 0 .6rem}h2{font-size:1.05rem;margin:1.4rem 0 .5rem}
nav{display:flex;gap:1.1rem;border-bottom:1px solid var(--line);margin:.8rem 0 1rem;padding-bottom:.4rem;flex-wrap:wrap}
nav [aria-current]{color:var(--ink);font-weight:600}
table{border-collapse:collapse;width:100%}
.list td,.list th{border-bottom:1px solid var(--line);padding:.4rem .6rem;text-align:left;vertical-align:top}
.list tr:last-child td{border-bottom:0}
.box{border:1px solid var(--line);border-radius:6px;overflow:hidden;margin:.6rem 0}
.box>.top{background:var(--panel);border-bottom:1px solid var(--line);padding:.4rem .7rem;display:flex;justify-content:space-between;gap:1rem;flex-wrap:wrap}
.soft{color:var(--soft)}.list .right{text-align:right;white-space:nowrap;width:1%}.tag{border:1px solid var(--line);border-radius:9px;padding:0 .45rem;font-size:12px;color:var(--soft)}
.scroll{overflow-x:auto}
pre{margin:0;padding:.8rem;overflow-x:auto}
.code td{padding:0 .7rem;white-space:pre;vertical-align:top}.code{line-height:1.45;width:auto;min-width:100%}
.code .n{text-align:right;width:1%;user-select:none;border-right:1px solid var(--line)}.code .n a{color:var(--soft)}
.code tr:target{background:var(--hunk)}
.add{background:var(--add)}.del{background:var(--del)}.hunk{background:var(--hunk);color:var(--soft)}
.clone{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.45rem .7rem;user-select:all;overflow-x:auto;display:block}
.pages{display:flex;gap:1rem;margin:1rem 0}
`;

const styleHash = createHash("sha256").update(style).digest("base64");
const securityHeaders = {
  "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
};

/** Where links lead: `base` is the path under which the server is reached, without a slash at the end. */
export type Site = { base: string; baseUrl: string };

/** A whole page. */
export function page(
  site: Site,
  options: {
    title: string;
    identity: Identity | undefined;
    body: Html;
    status?: number;
    headers?: Record<string, string>;
  },
): HttpResponse {
  const { title, identity, body, status = 200 } = options;
  const who =
    identity === undefined
      ? html`<a href="${site.base}/user/login">Sign in</a>`
      : html`<span class="soft">${identity.account.login}</span>`;
  const text = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title><link rel="icon" href="data:,"><style>${{ html: style }}</style></head>
<body><header><strong><a href="${site.base}/">Skiff Git</a></strong><span><a href="${site.base}/api/swagger">API</a> · ${who}</span></header>
<main>${body}</main></body></html>
`;
  // What is shown depends on who asks.
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "private, no-cache",
    vary: "authorization",
    ...securityHeaders,
  };
  return { status, headers: { ...headers, ...options.headers }, body: text.html };
}

export function absentPage(site: Site, identity: Identity | undefined, what: string): HttpResponse {
  const body = html`<h1>Not found</h1><p>${what}</p><p><a href="${site.base}/">All repositories</a></p>`;
  return page(site, { title: "Not found", identity, status: 404, body });
}

/** Joins path segments, each escaped for a URL. */
export function linkTo(site: Site, ...segments: readonly string[]): string {
  return [site.base, ...segments.flatMap((segment) => segment.split("/")).map(encodeURIComponent)].join("/");
}

export function formatSize(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes} B`;
  if (sizeBytes < 2 ** 20) return `${(sizeBytes / 1024).toFixed(1)} KiB`;
  return `${(sizeBytes / 2 ** 20).toFixed(1)} MiB`;
}

/** `2026-11-24 08:33`, in the time zone that it was written in. */
export function formatTime(date: string): string {
  return date.slice(0, 16).replace("T", " ");
}
