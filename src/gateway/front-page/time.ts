import { type Html, html } from "./html.ts";

/**
 * Says how long ago something was: `just now`, `5 min ago`.
 *
 * Plain JavaScript without closures: its text is part of the script on the page, which keeps the times true.
 */
export function ago(thenMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - thenMs) / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86400);
  return days === 1 ? "1 day ago" : `${days} days ago`;
}

/** A time as people say it, with the exact one for machines and as a tool tip. A dash when there is none. */
export function timeAgo(iso: string | undefined, now: Date): Html {
  const thenMs = iso === undefined ? Number.NaN : Date.parse(iso);
  if (iso === undefined || Number.isNaN(thenMs)) return html`<span class="faint">–</span>`;
  const exact = new Date(thenMs)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC");
  return html`<time datetime="${iso}" title="${exact}">${ago(thenMs, now.getTime())}</time>`;
}
