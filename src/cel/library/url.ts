import { quoteGo } from "../../apimachinery/index.ts";
import { asText } from "../convert.ts";
import { declareWith, type FunctionTable, type Overload } from "../functions.ts";
import { fail, noOverload } from "../meter.ts";
import { objectType } from "../types.ts";
import { Foreign, type Value, ValueDict, ValueList } from "../values.ts";
import { parseUrl, type UrlParts } from "./url-parts.ts";

export const urlType = objectType("kubernetes.URL");

class UrlValue extends Foreign {
  override readonly type = urlType;
  readonly text: string;
  readonly parts: UrlParts;
  constructor(text: string, parts: UrlParts) {
    super();
    this.text = text;
    this.parts = parts;
  }
  override equals(other: Value): boolean | undefined {
    return other instanceof UrlValue ? this.text === other.text : undefined;
  }
}

const { overload, method } = declareWith({ URL: urlType });

const part = (get: (parts: UrlParts) => Value) => (args: readonly Value[]) => {
  const [url] = args;
  return url instanceof UrlValue ? get(url.parts) : noOverload();
};

/** Kubernetes' functions of URLs. */
export const urlFunctions: FunctionTable = new Map<string, Overload[]>([
  [
    "url",
    [
      overload("string_to_url", "string -> URL", ([value]) => {
        const text = asText(value);
        const parts = parseUrl(text);
        if (typeof parts === "string") {
          return fail(`URL parse error during conversion from string: parse ${quoteGo(text)}: ${parts}`);
        }
        return new UrlValue(text, parts);
      }),
    ],
  ],
  [
    "getScheme",
    [
      method(
        "url_get_scheme",
        "URL -> string",
        part(({ scheme }) => scheme),
      ),
    ],
  ],
  [
    "getHost",
    [
      method(
        "url_get_host",
        "URL -> string",
        part(({ host }) => host),
      ),
    ],
  ],
  [
    "getHostname",
    [
      method(
        "url_get_hostname",
        "URL -> string",
        part(({ hostname }) => hostname),
      ),
    ],
  ],
  [
    "getPort",
    [
      method(
        "url_get_port",
        "URL -> string",
        part(({ port }) => port),
      ),
    ],
  ],
  [
    "getEscapedPath",
    [
      method(
        "url_get_escaped_path",
        "URL -> string",
        part(({ escapedPath }) => escapedPath),
      ),
    ],
  ],
  ["getQuery", [method("url_get_query", "URL -> map(string, list(string))", part(queryOf))]],
  ["isURL", [overload("is_url_string", "string -> bool", ([text]) => typeof parseUrl(asText(text)) !== "string")]],
]);

/** The values of each parameter; what is escaped wrongly is left out, as in Go. */
function queryOf({ query }: UrlParts): Value {
  const values = new Map<string, string[]>();
  for (const pair of query.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const equals = pair.indexOf("=");
    const key = unescapeQuery(equals < 0 ? pair : pair.slice(0, equals));
    const value = unescapeQuery(equals < 0 ? "" : pair.slice(equals + 1));
    if (key === undefined || value === undefined) continue;
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  const result = new ValueDict();
  for (const [key, list] of values) result.set(key, new ValueList(list));
  return result;
}

function unescapeQuery(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const bytes = Buffer.from(
    text
      .replaceAll("+", " ")
      .replace(/%([0-9a-fA-F]{2})/g, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    /[^\x00-\x7f]/.test(text) ? "utf8" : "latin1",
  );
  return bytes.toString();
}
