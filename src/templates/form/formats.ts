import type { JsonObject, JsonValue } from "../../apimachinery/index.ts";
import type { SchemaDialect } from "../definition.ts";

/** What a format becomes in a form: keywords that say the same to the form library, and a sample for people. */
export type FormFormat = { keywords: JsonObject; example?: JsonValue };

const address = "(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const cidr = `^(?:${address}/(?:3[0-2]|[12]?[0-9])|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))$`;
const uuid = (version: string, variant: string) =>
  `^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?${version}[0-9a-fA-F]{3}-?${variant}[0-9a-fA-F]{3}-?[0-9a-fA-F]{12}$`;

/** A quantity as Kubernetes writes it: `500m`, `1.5Gi`, `1e3`. */
export const quantityPattern =
  "^[+-]?(?:[0-9]+|[0-9]+\\.[0-9]*|\\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?(?:[0-9]+|[0-9]+\\.[0-9]*|\\.[0-9]+))?$";
/** A duration of Go, which is what most controllers read: `1h30m`. */
export const durationPattern = "^[+-]?(?:0|(?:(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)$";

/** Formats that mean the same everywhere and that `ajv-formats` checks by the same name. */
const kept = new Set([
  "date",
  "date-time",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "json-pointer",
  "json-pointer-uri-fragment",
  "regex",
  "relative-json-pointer",
  "time",
  "uri",
  "uri-reference",
  "uri-template",
  "uuid",
  "data-url",
  "color",
]);

const examples: Readonly<Record<string, string>> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T12:00:00Z",
  email: "team@example.com",
  hostname: "app.example.com",
  ipv4: "10.0.0.1",
  ipv6: "fd00::1",
  uri: "https://example.com/",
  uuid: "123e4567-e89b-12d3-a456-426614174000",
};

const textFormats: Readonly<Record<string, FormFormat>> = {
  byte: {
    keywords: { pattern: "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$" },
    example: "c2tpZmY=",
  },
  quantity: { keywords: { pattern: quantityPattern }, example: "500m" },
  bsonobjectid: { keywords: { pattern: "^[0-9a-fA-F]{24}$" } },
  cidr: { keywords: { pattern: cidr }, example: "10.0.0.0/16" },
  mac: {
    keywords: {
      pattern:
        "^(?:[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}(?:(?::[0-9A-Fa-f]{2}){2})?|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}(?:(?:-[0-9A-Fa-f]{2}){2})?|[0-9A-Fa-f]{4}(?:\\.[0-9A-Fa-f]{4}){2}(?:\\.[0-9A-Fa-f]{4})?)$",
    },
    example: "00:00:5e:00:53:01",
  },
  uuid3: { keywords: { pattern: uuid("3", "[0-9a-fA-F]") } },
  uuid4: { keywords: { pattern: uuid("4", "[89abAB]") } },
  uuid5: { keywords: { pattern: uuid("5", "[89abAB]") } },
  hexcolor: { keywords: { pattern: "^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$" }, example: "#336699" },
  rgbcolor: {
    keywords: { pattern: "^rgb\\(\\s*[0-9]{1,3}\\s*,\\s*[0-9]{1,3}\\s*,\\s*[0-9]{1,3}\\s*\\)$" },
    example: "rgb(51,102,153)",
  },
  ssn: { keywords: { pattern: "^[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}$" } },
  isbn10: { keywords: { pattern: "^(?:[0-9][- ]?){9}[0-9X]$" } },
  isbn13: { keywords: { pattern: "^(?:[0-9][- ]?){12}[0-9]$" } },
  creditcard: { keywords: { pattern: "^(?:[0-9][- ]?){13,16}$" } },
};

/** What the API server reads in custom resources; names there are compared without hyphens. */
const kubernetesTextFormats: Readonly<Record<string, FormFormat>> = {
  datetime: { keywords: { format: "date-time" }, example: examples["date-time"] ?? null },
  duration: { keywords: { pattern: durationPattern }, example: "1h30m" },
  // A path is one too, as in Go's `url.ParseRequestURI`.
  uri: { keywords: { pattern: "^(?:[A-Za-z][A-Za-z0-9+.-]*:|/)\\S*$" }, example: "https://example.com/" },
};

/**
 * What stands for the format of a text.
 *
 * @returns `undefined` for one that nobody checks; `password` is told by the widget, and so is none either
 */
export function textFormat(format: string, dialect: SchemaDialect): FormFormat | undefined {
  const plain = format.replaceAll("-", "");
  if (dialect === "kubernetes") {
    const own = kubernetesTextFormats[plain] ?? textFormats[plain];
    if (own !== undefined) return own;
  }
  if (kept.has(format)) {
    const example = examples[format];
    return { keywords: { format }, ...(example !== undefined && { example }) };
  }
  if (dialect !== "kubernetes" && format === "duration") return { keywords: { format }, example: "PT1H30M" };
  return textFormats[format];
}

const integerFormats: Readonly<Record<string, readonly [minimum: number, maximum: number]>> = {
  int8: [-128, 127],
  int16: [-32_768, 32_767],
  int32: [-2_147_483_648, 2_147_483_647],
  uint8: [0, 255],
  uint16: [0, 65_535],
  uint32: [0, 4_294_967_295],
  uint64: [0, Number.MAX_SAFE_INTEGER],
  uint: [0, Number.MAX_SAFE_INTEGER],
};

/** The range of a format of whole numbers; none for those that JavaScript's numbers do not reach the ends of. */
export function integerRange(format: string): readonly [minimum: number, maximum: number] | undefined {
  return integerFormats[format];
}
