/** Text that is HTML already. Only {@link html} and {@link trusted} make it, so nothing goes into a page unescaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** What may stand in a template; `undefined`, `null` and `false` are nothing, lists are written one after the other. */
export type HtmlPart = Html | string | number | undefined | null | false | readonly HtmlPart[];

/** Template for HTML. Everything put in is escaped for text and for attributes in double quotes, unless it is {@link Html}. */
export function html(strings: TemplateStringsArray, ...parts: HtmlPart[]): Html {
  return new Html(String.raw({ raw: strings }, ...parts.map(write)));
}

/** Marks a constant of the program, like a stylesheet, as HTML. Never for text that comes from outside. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** The address when a link may lead there, so that a `javascript:` URL out of an object does not become one. */
export function safeHref(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  return /^https?:$/.test(new URL(url).protocol) ? url : undefined;
}

function write(part: HtmlPart): string {
  if (part === undefined || part === null || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "string" || typeof part === "number") return escapeText(String(part));
  return part.map(write).join("");
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character);
}
