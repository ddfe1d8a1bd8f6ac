import {
  badRequest,
  type FieldSelector,
  invalid,
  invalidValue,
  type LabelSelector,
  parseFieldSelector,
  parseLabelSelector,
  quoteGo,
  type StatusCause,
} from "../../apimachinery/index.ts";

/** Query parameters of list, watch and deletecollection. */
export type ListOptions = {
  /** `undefined` selects everything. */
  labelSelector: LabelSelector | undefined;
  fieldSelector: FieldSelector | undefined;
  /** 0 means all. */
  limit: number;
  continue: string;
  resourceVersion: string;
  resourceVersionMatch: string;
  watch: boolean;
  allowWatchBookmarks: boolean;
  sendInitialEvents: boolean | undefined;
  timeoutSeconds: number | undefined;
};

/** Query parameters of create, update and patch. */
export type WriteOptions = {
  dryRun: boolean;
  fieldManager: string;
  fieldValidation: FieldValidation;
  /** Only for apply: takes over fields of other managers. */
  force: boolean | undefined;
};

export type FieldValidation = "Strict" | "Warn" | "Ignore";

/** How long the name of a field manager may be, as Kubernetes has it. */
const fieldManagerMax = 128;
/** What Go does not call printable. */
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;
/** Name of the internal type in messages about query parameters. */
const listOptions = { group: "meta.k8s.io", kind: "ListOptions" };

/** @throws {StatusError} `BadRequest` or `Invalid` for what cannot be read or does not go together */
export function parseListOptions(query: URLSearchParams, watchPath = false): ListOptions {
  const labelSelector = query.get("labelSelector");
  const fieldSelector = query.get("fieldSelector");
  const options: ListOptions = {
    labelSelector: labelSelector ? parseLabelSelector(labelSelector) : undefined,
    fieldSelector: fieldSelector ? parseFieldSelector(fieldSelector) : undefined,
    limit: Math.max(0, integer(query, "limit") ?? 0),
    continue: query.get("continue") ?? "",
    resourceVersion: query.get("resourceVersion") ?? "",
    resourceVersionMatch: query.get("resourceVersionMatch") ?? "",
    watch: watchPath || (boolean(query, "watch") ?? false),
    allowWatchBookmarks: boolean(query, "allowWatchBookmarks") ?? false,
    sendInitialEvents: boolean(query, "sendInitialEvents"),
    timeoutSeconds: integer(query, "timeoutSeconds"),
  };
  const causes = options.watch ? watchCauses(options) : listCauses(options);
  if (causes.length > 0) throw invalid(listOptions, "", causes);
  return options;
}

function listCauses(options: ListOptions): StatusCause[] {
  const { resourceVersion, resourceVersionMatch: match } = options;
  const causes: StatusCause[] = [];
  const field = "resourceVersionMatch";
  if (match !== "") {
    if (resourceVersion === "")
      causes.push(notAllowed(field, `${field} is forbidden unless resourceVersion is provided`));
    if (options.continue !== "") causes.push(notAllowed(field, `${field} is forbidden when continue is provided`));
    if (match !== "Exact" && match !== "NotOlderThan")
      causes.push(notSupported(field, match, ["Exact", "NotOlderThan", ""]));
    if (match === "Exact" && resourceVersion === "0") {
      causes.push(notAllowed(field, `${field} "exact" is forbidden for resourceVersion "0"`));
    }
  }
  if (options.sendInitialEvents !== undefined) {
    causes.push(notAllowed("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  return causes;
}

function watchCauses(options: ListOptions): StatusCause[] {
  const { resourceVersionMatch: match, sendInitialEvents } = options;
  const causes: StatusCause[] = [];
  const field = "resourceVersionMatch";
  if (sendInitialEvents !== undefined && match !== "NotOlderThan") {
    causes.push(notAllowed(field, `sendInitialEvents requires setting ${field} to NotOlderThan`));
  }
  if (match !== "" && sendInitialEvents === undefined) {
    causes.push(notAllowed(field, `${field} is forbidden for watch unless sendInitialEvents is provided`));
  }
  if (match !== "" && match !== "NotOlderThan") causes.push(notSupported(field, match, ["NotOlderThan"]));
  if (options.continue !== "") causes.push(notAllowed(field, `${field} is forbidden when continue is provided`));
  return causes;
}

const none: WriteOptions = { dryRun: false, fieldManager: "", fieldValidation: "Warn", force: undefined };

/** @param kind how messages call the parameters: `CreateOptions`, `UpdateOptions`, `PatchOptions` */
export function parseWriteOptions(query: URLSearchParams, kind: string): WriteOptions {
  if (query.size === 0) return none;
  const causes: StatusCause[] = [];
  const dryRun = dryRunOf(query.getAll("dryRun"), causes);
  const fieldManager = query.get("fieldManager") ?? "";
  if (fieldManager.length > fieldManagerMax) {
    const message = `Too long: may not be more than ${fieldManagerMax} bytes`;
    causes.push({ reason: "FieldValueTooLong", message, field: "fieldManager" });
  }
  const odd = [...fieldManager].findIndex((character) => unprintable.test(character));
  if (odd >= 0) {
    const code = [...fieldManager][odd]?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
    causes.push(invalidValue("fieldManager", fieldManager, `invalid character U+${code} (at position ${odd})`));
  }
  const fieldValidation = query.get("fieldValidation") || "Warn";
  if (!isFieldValidation(fieldValidation)) {
    causes.push(notSupported("fieldValidation", fieldValidation, ["", "Ignore", "Strict", "Warn"]));
  } else if (causes.length === 0) {
    return { dryRun, fieldManager, fieldValidation, force: boolean(query, "force") };
  }
  throw invalid({ group: "meta.k8s.io", kind }, "", causes);
}

/** `dryRun` may be absent or `All`; what else stands there is added to `causes`. */
export function dryRunOf(values: readonly string[], causes: StatusCause[]): boolean {
  if (values.some((value) => value !== "All")) causes.push(notSupported("dryRun", values, ["All"]));
  return values.length > 0;
}

function isFieldValidation(text: string): text is FieldValidation {
  return text === "Strict" || text === "Warn" || text === "Ignore";
}

/** Reads `true`, `1` and the other spellings of Go; a parameter without a value is set. */
export function boolean(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  // Kubernetes' own conversion: everything but "false" and "0" is true.
  return text.toLowerCase() !== "false" && text !== "0";
}

/** @throws {StatusError} `BadRequest` for what is no integer of 64 bits */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const refusal = (why: string) => badRequest(`strconv.ParseInt: parsing ${quoteGo(text)}: ${why}`);
  if (!/^[+-]?\d+$/.test(text)) throw refusal("invalid syntax");
  if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) throw refusal("value out of range");
  return Number(text);
}

function notAllowed(field: string, message: string): StatusCause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${message}`, field };
}

function notSupported(field: string, value: string | readonly string[], supported: readonly string[]): StatusCause {
  const list = supported.map((word) => JSON.stringify(word)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return { reason: "FieldValueNotSupported", message, field };
}
