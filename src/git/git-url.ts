import { StatusError } from "../apimachinery/index.ts";

/** The address of a repository somewhere else. */
export type GitUrl = {
  /** What git is given; it may hold a password. */
  url: string;
  /** The same without the password, for messages. */
  shown: string;
  /** What makes two addresses the same one. */
  key: string;
};

/**
 * Reads an address as git understands it: `https://…`, `http://…`, `ssh://…`, `git://…`, `file:///…`, `user@host:path`, or
 * an absolute path.
 *
 * @throws {StatusError} `Invalid` for anything else; transports that run programs, such as `ext::`, are not for us
 */
export function parseGitUrl(text: string): GitUrl {
  const trimmed = text.trim();
  const refuse = (why: string) =>
    new StatusError(
      "Invalid",
      `${JSON.stringify(withoutPassword(trimmed))} is not the URL of a Git repository: ${why}`,
    );
  if (trimmed === "") throw refuse("it is empty");
  if (/[\x00-\x20\x7f]/.test(trimmed)) throw refuse("it has spaces or control characters in it");
  if (trimmed.startsWith("-")) throw refuse("it begins with a hyphen");
  if (/^(https?|ssh|git|file):\/\//i.test(trimmed)) {
    if (!URL.canParse(trimmed)) throw refuse("it cannot be parsed");
    const parsed = new URL(trimmed);
    if (parsed.hostname.startsWith("-")) throw refuse("the host begins with a hyphen");
    if (parsed.protocol !== "file:" && parsed.hostname === "") throw refuse("it has no host");
    const url = trimmed.replace(/\/+$/, "");
    return {
      url,
      shown: withoutPassword(url),
      key: `${parsed.protocol}//${parsed.username}:${parsed.password}@${parsed.host}${parsed.pathname.replace(/\/+$/, "")}`,
    };
  }
  if (/^[a-z0-9.+-]+::?\/\//i.test(trimmed) || /^[a-z0-9]+::/i.test(trimmed))
    throw refuse("only https, http, ssh, git and file are possible");
  if (trimmed.startsWith("/")) return { url: trimmed, shown: trimmed, key: trimmed };
  if (/^([\w.-]+@)?[A-Za-z0-9][\w.-]*:\S/.test(trimmed)) {
    return { url: trimmed, shown: trimmed, key: trimmed.replace(/\/+$/, "") };
  }
  throw refuse("it has no host");
}

/** Takes the password out of every URL in a text. */
export function withoutPassword(text: string): string {
  return text.replace(
    /([a-z][a-z0-9+.-]*:\/\/)([^\s/@:]*)(:[^\s/@]*)?@/gi,
    (_, scheme: string, user: string, password: string | undefined) =>
      // A name alone is a token as often as not.
      password === undefined && user.length > 20
        ? `${scheme}***@`
        : `${scheme}${user}${password === undefined ? "" : ":***"}@`,
  );
}
