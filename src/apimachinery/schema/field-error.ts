import { formatGoJson, formatGoValue, quoteGo } from "../go-format.ts";
import type { StatusCause } from "../status-error.ts";

// One fault of one field in Kubernetes' words, which is what the causes of an `Invalid` status are made of.

export function requiredValue(field: string, detail = ""): StatusCause {
  return fault("FieldValueRequired", field, "Required value", detail);
}

export function forbiddenValue(field: string, detail: string): StatusCause {
  return fault("FieldValueForbidden", field, "Forbidden", detail);
}

export function invalidValue(field: string, value: unknown, detail: string): StatusCause {
  return fault("FieldValueInvalid", field, `Invalid value: ${formatGoValue(value)}`, detail);
}

export function invalidType(field: string, value: unknown, detail: string): StatusCause {
  return fault("FieldValueTypeInvalid", field, `Invalid value: ${formatGoValue(value)}`, detail);
}

export function duplicateValue(field: string, value: unknown): StatusCause {
  return fault("FieldValueDuplicate", field, `Duplicate value: ${formatGoValue(value)}`, "");
}

/** @param supported in the order to show; what is not a string is shown as JSON */
export function unsupportedValue(field: string, value: unknown, supported: readonly unknown[]): StatusCause {
  const names = supported.map((one) => quoteGo(typeof one === "string" ? one : formatGoJson(one)));
  const detail = names.length === 0 ? "" : `supported values: ${names.join(", ")}`;
  return fault("FieldValueNotSupported", field, `Unsupported value: ${formatGoValue(value)}`, detail);
}

/** Kubernetes says bytes here although it counts characters. */
export function tooLong(field: string, lengthMax: number): StatusCause {
  const detail = `may not be more than ${lengthMax} ${lengthMax === 1 ? "byte" : "bytes"}`;
  return fault("FieldValueTooLong", field, "Too long", detail);
}

export function tooMany(field: string, count: number, countMax: number): StatusCause {
  const detail = `must have at most ${countMax} ${countMax === 1 ? "item" : "items"}`;
  return fault("FieldValueTooMany", field, `Too many: ${count}`, detail);
}

/** A cause as one line, as it stands in the message of an `Invalid` status. */
export function faultText({ field, message }: StatusCause): string {
  return `${field}: ${message}`;
}

function fault(reason: string, field: string, body: string, detail: string): StatusCause {
  return { reason, message: detail === "" ? body : `${body}: ${detail}`, field };
}
