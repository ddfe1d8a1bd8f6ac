import { GoError } from "../go-error.ts";
import { quoteText } from "../go-format.ts";
import { type FunctionTable, fn, map, string } from "../signature.ts";
import { type GoMap, hasKey, newMap } from "../values.ts";
import { kindOf } from "./convert.ts";
import { nilDereference } from "./lists.ts";
import { escapeBytes, unescapeBytes } from "./url-escape.ts";

/** URLs as `net/url` reads and writes them. */
export const urlFunctions: FunctionTable = {
  urlParse: fn([string], (text) => {
    try {
      const { scheme, opaque, user, host, path, query, fragment } = parseUrl(text);
      return Object.assign(newMap(), {
        scheme,
        host,
        hostname: hostName(host),
        path,
        query: query ?? "",
        opaque,
        fragment,
        userinfo: user === undefined ? "" : formatUser(user),
      });
    } catch (error) {
      if (error instanceof GoError)
        throw new GoError(`unable to parse url: parse ${quoteText(text)}: ${error.message}`);
      throw error;
    }
  }),
  urlJoin: fn([map], joinUrl),
};

type User = { readonly name: string; readonly password: string | undefined };
export type Url = {
  readonly scheme: string;
  readonly opaque: string;
  readonly user: User | undefined;
  readonly host: string;
  readonly path: string;
  /** The path as it was escaped, when that is not how we would escape it. */
  readonly rawPath: string;
  readonly query: string | undefined;
  readonly fragment: string;
};

/** `url.Parse`. @throws {GoError} in its words, without the text */
export function parseUrl(text: string): Url {
  const hash = text.indexOf("#");
  const fragment = hash < 0 ? "" : unescapePart(text.slice(hash + 1), false);
  const url = parseWithoutFragment(hash < 0 ? text : text.slice(0, hash));
  return { ...url, fragment };
}

function parseWithoutFragment(text: string): Omit<Url, "fragment"> {
  if (/[\x00-\x1f\x7f]/.test(text)) throw new GoError("net/url: invalid control character in URL");
  const empty = { scheme: "", opaque: "", user: undefined, host: "", path: "", rawPath: "", query: undefined };
  if (text === "*") return { ...empty, path: "*" };
  const { scheme, rest: afterScheme } = splitScheme(text);
  let rest = afterScheme;
  let query: string | undefined;
  const mark = rest.indexOf("?");
  if (mark >= 0) {
    query = rest.slice(mark + 1);
    rest = rest.slice(0, mark);
  }
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...empty, scheme, opaque: rest, query };
    const segment = rest.split("/", 1)[0] ?? "";
    if (segment.includes(":")) throw new GoError("first path segment in URL cannot contain colon");
  }
  let authority: Pick<Url, "user" | "host"> = { user: undefined, host: "" };
  if ((scheme !== "" || !rest.startsWith("///")) && rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2);
    const end = slash < 0 ? rest.length : slash;
    authority = parseAuthority(rest.slice(2, end));
    rest = rest.slice(end);
  }
  return { ...empty, scheme, ...authority, path: unescapePart(rest, false), rawPath: rest, query };
}

function splitScheme(text: string): { scheme: string; rest: string } {
  const found = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text);
  if (found !== null) return { scheme: (found[1] ?? "").toLowerCase(), rest: text.slice(found[0].length) };
  if (text.startsWith(":")) throw new GoError("missing protocol scheme");
  return { scheme: "", rest: text };
}

function unescapePart(text: string, isHost: boolean): string {
  const bad = /%(?![\da-fA-F]{2}).{0,2}/s.exec(text);
  if (bad !== null) throw new GoError(`invalid URL escape ${quoteText(bad[0])}`);
  if (isHost) {
    const wrong = /[^A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/.exec(text);
    if (wrong !== null) throw new GoError(`invalid character ${quoteText(wrong[0])} in host name`);
    const malformed = /%(?!25|[89a-fA-F][\da-fA-F]).{0,2}/.exec(text);
    if (malformed !== null) throw new GoError(`invalid URL escape ${quoteText(malformed[0])}`);
  }
  return unescapeBytes(text);
}

function parseAuthority(authority: string): Pick<Url, "user" | "host"> {
  const at = authority.lastIndexOf("@");
  const host = parseHost(authority.slice(at + 1));
  if (at < 0) return { user: undefined, host };
  const userinfo = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo)) throw new GoError("net/url: invalid userinfo");
  const colon = userinfo.indexOf(":");
  if (colon < 0) return { user: { name: unescapePart(userinfo, false), password: undefined }, host };
  const name = unescapePart(userinfo.slice(0, colon), false);
  return { user: { name, password: unescapePart(userinfo.slice(colon + 1), false) }, host };
}

function parseHost(host: string): string {
  const open = host.indexOf("[");
  if (open >= 0) {
    const close = host.lastIndexOf("]");
    if (close < 0) throw new GoError("missing ']' in host");
    checkPort(host.slice(close + 1));
  } else {
    const colon = host.lastIndexOf(":");
    if (colon >= 0) checkPort(host.slice(colon));
  }
  return unescapePart(host, true);
}

function checkPort(colonPort: string): void {
  if (!/^(?::\d*)?$/.test(colonPort)) throw new GoError(`invalid port ${quoteText(colonPort)} after host`);
}

/** The host without a port and brackets. */
export function hostName(host: string): string {
  const bracketed = /^\[(.*)\]/s.exec(host);
  if (bracketed !== null) return bracketed[1] ?? "";
  return host.replace(/:\d*$/, "");
}

function formatUser({ name, password }: User): string {
  const escaped = escapeBytes(name, /[A-Za-z0-9\-_.~$&+,;=]/);
  return password === undefined ? escaped : `${escaped}:${escapeBytes(password, /[A-Za-z0-9\-_.~$&+,;=]/)}`;
}

function joinUrl(parts: GoMap): string {
  const part = (key: string): string => {
    if (!hasKey(parts, key)) return "";
    const value = parts[key];
    if (value === null || value === undefined) throw new GoError(nilDereference);
    if (typeof value === "string") return value;
    throw new GoError(`unable to parse ${key} key, must be of type string, but ${kindOf(value)} found`);
  };
  const [scheme, host, query, opaque, fragment] = [
    part("scheme"),
    part("host"),
    part("query"),
    part("opaque"),
    part("fragment"),
  ];
  const path = part("path");
  const userinfo = part("userinfo");
  const user = userinfo === "" ? "" : `${readUser(userinfo)}@`;
  let url = scheme === "" ? "" : `${scheme}:`;
  if (opaque !== "") {
    url += opaque;
  } else {
    const hasAuthority = scheme !== "" || host !== "" || user !== "";
    if (hasAuthority && (host !== "" || path !== "" || user !== "")) {
      if (host !== "" || user !== "" || path.startsWith("//") || scheme !== "")
        url += host !== "" || user !== "" ? "//" : "";
      url += user + escapeBytes(host, /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/);
    }
    const escaped = escapeBytes(path, /[A-Za-z0-9\-_.~$&+,/:;=@]/);
    if (path !== "" && !path.startsWith("/") && host !== "") url += "/";
    if (url === "" && (escaped.split("/", 1)[0] ?? "").includes(":")) url += "./";
    url += escaped;
  }
  if (query !== "") url += `?${query}`;
  return fragment === "" ? url : `${url}#${escapeBytes(fragment, /[A-Za-z0-9\-_.~$&+,/:;=?@!()*]/)}`;
}

function readUser(userinfo: string): string {
  try {
    const { user } = parseUrl(`proto://${userinfo}@host`);
    return user === undefined ? "" : formatUser(user);
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    const text = quoteText(`proto://${userinfo}@host`);
    throw new GoError(`unable to parse userinfo in dict: parse ${text}: ${error.message}`);
  }
}
