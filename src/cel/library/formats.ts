import {
  quoteGo,
  stringFormats,
  validateDns1035Label,
  validateLabel,
  validateLabelValue,
  validateQualifiedName,
  validateSubdomain,
} from "../../apimachinery/index.ts";
import { asText } from "../convert.ts";
import { declareWith, type FunctionTable, type Overload } from "../functions.ts";
import { noOverload } from "../meter.ts";
import { objectType } from "../types.ts";
import { Foreign, none, Optional, type Value, ValueList } from "../values.ts";
import { parseUrl } from "./url-parts.ts";

export const formatType = objectType("kubernetes.NamedFormat");

/** A format of texts; `patternSize` is what checking it costs like. */
export class Format extends Foreign {
  override readonly type = formatType;
  readonly name: string;
  readonly patternSize: number;
  readonly problems: (text: string) => readonly string[];
  constructor(name: string, patternSize: number, problems: (text: string) => readonly string[]) {
    super();
    this.name = name;
    this.patternSize = patternSize;
    this.problems = problems;
  }
  override equals(other: Value): boolean | undefined {
    return other instanceof Format ? this.name === other.name : undefined;
  }
}

/** Prefixes, as in `generateName`, may end with a hyphen. */
const asPrefix = (check: (text: string) => readonly string[]) => (text: string) =>
  check(text.length > 1 && text.endsWith("-") ? `${text.slice(0, -2)}a` : text);

const byName = (format: string, problem: string) => (text: string) =>
  stringFormats.get(format)?.(text) === true ? [] : [problem];

/** The formats of Kubernetes' library, with the sizes that it counts them for. */
const formats: ReadonlyMap<string, Format> = new Map(
  [
    new Format("dns1123Label", 30, validateLabel),
    new Format("dns1123Subdomain", 60, validateSubdomain),
    new Format("dns1035Label", 30, validateDns1035Label),
    new Format("qualifiedName", 60, validateQualifiedName),
    new Format("dns1123LabelPrefix", 30, asPrefix(validateLabel)),
    new Format("dns1123SubdomainPrefix", 60, asPrefix(validateSubdomain)),
    new Format("dns1035LabelPrefix", 30, asPrefix(validateDns1035Label)),
    new Format("labelValue", 40, validateLabelValue),
    new Format("uri", 1103, (text) => {
      const parts = parseUrl(text);
      return typeof parts === "string" ? [`parse ${quoteGo(text)}: ${parts}`] : [];
    }),
    new Format("uuid", 70, byName("uuid", "does not match the UUID format")),
    new Format("byte", 84, byName("byte", "invalid base64")),
    new Format("date", 71, byName("date", "invalid date")),
    new Format("datetime", 71, byName("datetime", "invalid datetime")),
  ].map((format) => [format.name, format]),
);

const { overload, method } = declareWith({ Format: formatType });

/** Kubernetes' named formats. */
export const formatFunctions: FunctionTable = new Map<string, Overload[]>([
  [
    "validate",
    [
      method("format-validate", "Format, string -> optional(list(string))", ([format, text]) => {
        if (!(format instanceof Format)) return noOverload();
        const problems = format.problems(asText(text));
        return problems.length === 0 ? none : new Optional(new ValueList(problems));
      }),
    ],
  ],
  [
    "format.named",
    [
      overload("format-named", "string -> optional(Format)", ([name]) => {
        const format = formats.get(asText(name));
        return format === undefined ? none : new Optional(format);
      }),
    ],
  ],
  ...[...formats].map(([name, format]): [string, Overload[]] => [
    `format.${name}`,
    [overload(`format-${name}`, "-> Format", () => format)],
  ]),
]);
