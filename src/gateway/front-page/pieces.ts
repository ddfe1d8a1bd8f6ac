import { type Html, type HtmlPart, html, safeHref } from "./html.ts";
import type { ApplicationSummary, PartStatus } from "./status.ts";

/** Looks of a state: colour and shape of its mark. The word beside it says the same. */
type Tone = "good" | "busy" | "warn" | "bad" | "off";

const tones: Readonly<Record<string, Tone>> = {
  Healthy: "good",
  Synced: "good",
  Succeeded: "good",
  ready: "good",
  Progressing: "busy",
  Running: "busy",
  Terminating: "busy",
  starting: "busy",
  OutOfSync: "warn",
  Missing: "warn",
  Degraded: "bad",
  Failed: "bad",
  Error: "bad",
  failed: "bad",
  Suspended: "off",
  Unknown: "off",
};

const words: Readonly<Record<string, string>> = {
  OutOfSync: "Out of sync",
  ready: "Ready",
  starting: "Starting",
  failed: "Failed",
};

/** A state as a mark and a word; a dash for none. */
export function chip(state: string | undefined): Html {
  if (state === undefined) return html`<span class="faint">–</span>`;
  return html`<span class="chip ${tones[state] ?? "off"}">${words[state] ?? state}</span>`;
}

/** A commit cut to eight digits, as `git log --oneline` would; versions stay whole. */
export function revision(text: string | undefined): Html {
  if (text === undefined) return html`<span class="faint">–</span>`;
  const short = /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text) ? text.slice(0, 8) : text;
  return html`<code title="${text}">${short}</code>`;
}

/** A link to somewhere else, or the bare text when no browser should go there. */
export function outsideLink(url: string | undefined, label: HtmlPart): Html {
  const href = safeHref(url);
  return href === undefined ? html`${label}` : html`<a href="${href}" rel="noreferrer">${label}</a>`;
}

/** Text to be copied; the button shows only where the script runs. */
export function copyable(text: string): Html {
  return html`<span class="copyable"><code>${text}</code><button class="copy" type="button" data-copy="${text}" aria-label="Copy ${text}">Copy</button></span>`;
}

export function applicationHref({ namespace, name }: { namespace: string; name: string }): string {
  return `/applications/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}

/** Where an application comes from: the repository without its scheme, and the path or chart in it. */
export function sourceLabel(source: Pick<ApplicationSummary, "repoURL" | "path" | "chart">): string {
  const repository = (source.repoURL ?? "").replace(/^https?:\/\//, "").replace(/\.git$/, "");
  const inside = source.chart ?? source.path;
  return inside === undefined || inside === "" || inside === "." ? repository : `${repository} › ${inside}`;
}

/** A browser's address of a repository. */
export function repositoryHref(repoURL: string | undefined): string | undefined {
  return repoURL?.replace(/\.git$/, "");
}

export function partAddress({ address }: PartStatus): HtmlPart {
  return address === undefined
    ? undefined
    : outsideLink(address, html`<code>${address.replace(/^https?:\/\//, "")}</code>`);
}

/** `1 application`, `2 applications`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
