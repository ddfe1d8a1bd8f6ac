import type { JsonObject, JsonValue } from "../../apimachinery/index.ts";
import { joinHelp } from "./describe.ts";

/** What a hint is chosen by, besides the schema itself. */
export type HintSubject = {
  name: string;
  required: boolean;
  /** Sentences to show below the field. */
  help: readonly string[];
  placeholder?: string;
  password: boolean;
};

/** Texts longer than a line of a form are written in a larger field. */
const lineMax = 256;
/** How many choices are shown at once rather than in a list. */
const radioMax = 3;
const checkboxesMax = 10;

const longTexts =
  /^(?:.*(?:script|policy|policydocument|json|yaml|template|certificate|pem|cabundle|publickey|privatekey|userdata|manifest|config|configuration|document|body|query|description|comment|notes|definition|bundle))$/i;

/** Adds `ui:*` to a finished schema of a field. */
export function addHints(out: JsonObject, subject: HintSubject): void {
  const { name, required, placeholder, password } = subject;
  const type = Array.isArray(out["type"]) ? out["type"].find((one) => one !== "null") : out["type"];
  const nullable = Array.isArray(out["type"]);
  const values = Array.isArray(out["enum"]) ? out["enum"] : undefined;
  if (values !== undefined) {
    if (values.some((value) => value === null || typeof value === "object")) {
      out["ui:enumNames"] = values.map((value) => (value === null ? "(none)" : labelOf(value)));
    }
    // A choice in a list can be taken back, one of radio buttons cannot.
    if (required && values.length > 1 && values.length <= radioMax && type !== undefined) out["ui:widget"] = "radio";
  } else if (type === "string") {
    if (password) out["ui:widget"] = "password";
    else if (isLong(out, name)) {
      out["ui:widget"] = "textarea";
      out["ui:options"] = { rows: 5 };
    }
    if (nullable && required) out["ui:emptyValue"] = null;
  } else if ((type === "integer" || type === "number") && nullable) {
    // With null among its types a number is given a text field otherwise.
    out["ui:widget"] = "updown";
  } else if (type === "boolean" && required && out["default"] === undefined) {
    // A box that nobody touched is no answer, and a required field needs one.
    out["ui:widget"] = "radio";
  } else if (type === "array") addListHints(out);
  if (placeholder !== undefined) out["ui:placeholder"] = placeholder;
  const help = joinHelp(subject.help);
  if (help !== "") out["ui:help"] = help;
}

function addListHints(out: JsonObject): void {
  if (out["uniqueItems"] !== true) return;
  const items = out["items"];
  const choices =
    typeof items === "object" && items !== null && !Array.isArray(items) && Array.isArray(items["enum"])
      ? items["enum"].length
      : 0;
  if (choices > 0 && choices <= checkboxesMax) out["ui:widget"] = "checkboxes";
  else if (choices === 0) out["ui:options"] = { orderable: false };
}

function isLong(out: JsonObject, name: string): boolean {
  const { minLength, maxLength, format, pattern } = out;
  if (format !== undefined) return false;
  if (typeof maxLength === "number" && maxLength <= lineMax) return false;
  if (typeof minLength === "number" && minLength > lineMax) return true;
  if (typeof pattern === "string" && pattern.length > 0) return /\\n|\[\\s\\S\]/.test(pattern);
  return longTexts.test(name);
}

function labelOf(value: JsonValue): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
