import type { StatusCause } from "../status-error.ts";
import { invalidValue, requiredValue } from "./field-error.ts";
import { child } from "./place.ts";

/** Checks that a value with `x-kubernetes-embedded-resource` says what it is: `apiVersion` and `kind`, both well formed. */
export function embeddedFaults(value: Record<string, unknown>, path: string): StatusCause[] {
  const { apiVersion, kind } = value;
  return [...apiVersionFaults(apiVersion, child(path, "apiVersion")), ...kindFaults(kind, child(path, "kind"))];
}

function apiVersionFaults(apiVersion: unknown, path: string): StatusCause[] {
  if (apiVersion === undefined) return [requiredValue(path)];
  if (typeof apiVersion !== "string") return [invalidValue(path, apiVersion, "must be a string")];
  if (apiVersion === "") return [invalidValue(path, apiVersion, "must not be empty")];
  const wellFormed = apiVersion.split("/").length <= 2;
  return wellFormed ? [] : [invalidValue(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
}

function kindFaults(kind: unknown, path: string): StatusCause[] {
  if (kind === undefined) return [requiredValue(path)];
  if (typeof kind !== "string") return [invalidValue(path, kind, "must be a string")];
  if (kind === "") return [invalidValue(path, kind, "must not be empty")];
  const why: string[] = [];
  if (kind.length > 63) why.push("must be no more than 63 characters");
  if (!/^[a-z](?:[-a-z0-9]*[a-z0-9])?$/.test(kind.toLowerCase())) why.push(labelRule);
  if (why.length === 0) return [];
  return [invalidValue(path, kind, `may have mixed case, but should otherwise match: ${why.join(",")}`)];
}

const labelRule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end " +
  "with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
