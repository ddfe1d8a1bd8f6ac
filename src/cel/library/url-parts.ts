import { quoteGo } from "../../apimachinery/index.ts";

/** What Go's `net/url` makes of a URL; `query` is as written, without its question mark. */
export type UrlParts = {
  readonly scheme: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly escapedPath: string;
  readonly query: string;
};

/** Reads an absolute URL or path as `net/url.ParseRequestURI` and then `Parse` do. @returns what is wrong in Go's words */
export function parseUrl(text: string): UrlParts | string {
  if (/[\x00-\x1f\x7f]/.test(text)) return "net/url: invalid control character in URL";
  if (text === "") return "empty url";
  const asRequest = parse(text, true);
  if (typeof asRequest === "string") return asRequest;
  const hash = text.indexOf("#");
  return hash < 0 ? asRequest : parse(text.slice(0, hash), false);
}

function parse(text: string, viaRequest: boolean): UrlParts | string {
  const empty: UrlParts = { scheme: "", host: "", hostname: "", port: "", escapedPath: "", query: "" };
  if (text === "*") return { ...empty, escapedPath: "*" };
  if (text.startsWith(":")) return "missing protocol scheme";
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1] ?? "";
  let rest = scheme === "" ? text : text.slice(scheme.length + 1);
  const question = rest.indexOf("?");
  const query = question < 0 ? "" : rest.slice(question + 1);
  if (question >= 0) rest = rest.slice(0, question);
  const found = { ...empty, scheme: scheme.toLowerCase(), query };
  if (!rest.startsWith("/")) {
    if (scheme !== "") return found;
    if (viaRequest) return "invalid URI for request";
    if (/^[^/]*:/.test(rest)) return "first path segment in URL cannot contain colon";
  }
  let authority: string | undefined;
  if ((scheme !== "" || (!viaRequest && !rest.startsWith("///"))) && rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2);
    authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
    rest = slash < 0 ? "" : rest.slice(slash);
  }
  const host = authority === undefined ? { host: "", hostname: "", port: "" } : parseAuthority(authority);
  if (typeof host === "string") return host;
  const wrongEscape = badEscape(rest);
  return wrongEscape === undefined ? { ...found, ...host, escapedPath: escapePath(rest) } : wrongEscape;
}

function badEscape(text: string): string | undefined {
  const found = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text);
  return found === null ? undefined : `invalid URL escape ${quoteGo(found[0])}`;
}

/** Keeps what is escaped as it is, if all of it is valid so, and escapes what may not stand in a path. */
function escapePath(path: string): string {
  return path.replace(/[^a-zA-Z0-9\-_.~$&+,/:;=@!'()*%[\]]/gu, (character) =>
    Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

type Host = Pick<UrlParts, "host" | "hostname" | "port">;

function parseAuthority(authority: string): Host | string {
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  if (at >= 0 && !/^[a-zA-Z0-9\-._:~!$&'()*+,;=%@]*$/.test(authority.slice(0, at))) {
    return "net/url: invalid userinfo";
  }
  if (host.startsWith("[")) {
    const end = host.lastIndexOf("]");
    if (end < 0) return "missing ']' in host";
    const port = host.slice(end + 1);
    if (!isPort(port)) return `invalid port ${quoteGo(port)} after host`;
    return { host, hostname: host.slice(1, end), port: port.slice(1) };
  }
  const colon = host.lastIndexOf(":");
  if (colon >= 0 && !isPort(host.slice(colon))) return `invalid port ${quoteGo(host.slice(colon))} after host`;
  const wrongEscape = badEscape(host);
  if (wrongEscape !== undefined) return wrongEscape;
  const wrong = /[\x00-\x20"<>\\^`{|}#/?]/.exec(host.replace(/[<>"]/g, ""))?.[0];
  if (wrong !== undefined) return `invalid character ${quoteGo(wrong)} in host name`;
  const hostname = colon < 0 ? host : host.slice(0, colon);
  return { host, hostname, port: colon < 0 ? "" : host.slice(colon + 1) };
}

/** Nothing, or a colon and digits, of which there may be none. */
function isPort(text: string): boolean {
  return /^(?::\d*)?$/.test(text);
}
