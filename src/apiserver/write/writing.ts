import { type Fields, invalid } from "../../apimachinery/index.ts";
import type { Call } from "../http/call.ts";
import type { WriteOptions } from "../http/query.ts";
import type { Writing } from "./create.ts";

/** Longest name of a field manager, as in Kubernetes. */
const managerMax = 128;

/** Who writes, as the options and the client's name of itself say. */
export function writingOf(call: Call, options: WriteOptions): Writing {
  const manager = options.fieldManager || agentOf(call.request.headers["user-agent"]);
  const { user, warnings, annotations, query, path } = call;
  const { dryRun } = options;
  const writing = { user, dryRun, manager, warnings, options: sentOptions(query), pathName: path.name };
  return annotations === undefined ? writing : { ...writing, annotations };
}

/** The options that a query names, as fields of `CreateOptions` and its like. */
function sentOptions(query: URLSearchParams): Fields {
  if (query.size === 0) return {};
  const options: Fields = {};
  const dryRun = query.getAll("dryRun");
  if (dryRun.length > 0) options["dryRun"] = dryRun;
  for (const name of ["fieldManager", "fieldValidation"]) {
    const value = query.get(name);
    if (value) options[name] = value;
  }
  return options;
}

/** `kubectl/v1.34.0 (linux/amd64)` is known as `kubectl`. */
function agentOf(userAgent: string | undefined): string {
  const name = (userAgent ?? "").split("/", 1)[0]?.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "") ?? "";
  return name.slice(0, managerMax) || "unknown";
}

/** What only apply needs or only apply may have. @throws {StatusError} `Invalid` */
export function checkApplyOptions(options: WriteOptions, isApply: boolean): void {
  const causes = [];
  if (isApply && options.fieldManager === "") {
    causes.push({
      reason: "FieldValueRequired",
      message: "Required value: is required for apply patch",
      field: "fieldManager",
    });
  }
  if (!isApply && options.force !== undefined) {
    causes.push({
      reason: "FieldValueForbidden",
      message: "Forbidden: may not be specified for non-apply patch",
      field: "force",
    });
  }
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", kind: "PatchOptions" }, "", causes);
}
