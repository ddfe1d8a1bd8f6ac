import { isFields, type KubeObject, parseYamlDocuments, YamlError } from "../apimachinery/index.ts";
import type { PackageProblem } from "../apis/index.ts";

/** Where Argo CD's objects live when a file does not say. */
const argoNamespace = "argocd";

/** An Application or ApplicationSet found in a file of a package. */
export type PackagedApplication = {
  file: string;
  kind: "Application" | "ApplicationSet";
  name: string;
  namespace: string;
  object: KubeObject;
};

export type ApplicationFile = { applications: PackagedApplication[]; problems: Omit<PackageProblem, "source">[] };

/**
 * Finds the Applications and ApplicationSets of a file; each document may be one.
 *
 * @param file path used in messages and in the result
 * @returns what could be read, and a problem with its line for each document that could not
 */
export function parseApplicationFile(file: string, content: string): ApplicationFile {
  const result: ApplicationFile = { applications: [], problems: [] };
  let documents: ReturnType<typeof parseYamlDocuments>;
  try {
    documents = parseYamlDocuments(content, { file });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    result.problems.push({ file, message: error.message, severity: "error" });
    return result;
  }
  for (const { value, line } of documents) {
    const problem = (why: string, severity: PackageProblem["severity"] = "error") =>
      result.problems.push({ file, message: `${file}:${line}: ${why}`, severity });
    if (!isFields(value)) {
      problem("given file contains an invalid kubernetes manifest: not a mapping");
      continue;
    }
    const { apiVersion, kind, metadata } = value;
    if (typeof apiVersion !== "string" || typeof kind !== "string") {
      problem("given file contains an invalid kubernetes manifest: apiVersion and kind are required");
      continue;
    }
    if (!apiVersion.startsWith("argoproj.io/") || (kind !== "Application" && kind !== "ApplicationSet")) {
      problem(
        `${apiVersion} ${kind} is not an Argo CD Application or ApplicationSet; put it in a directory that an Application names as its source`,
        "warning",
      );
      continue;
    }
    if (!isFields(metadata) || typeof metadata["name"] !== "string" || metadata["name"] === "") {
      problem(`${kind} has no metadata.name`);
      continue;
    }
    const namespace =
      typeof metadata["namespace"] === "string" && metadata["namespace"] !== "" ? metadata["namespace"] : argoNamespace;
    const name = metadata["name"];
    result.applications.push({
      file,
      kind,
      name,
      namespace,
      object: { ...value, apiVersion, kind, metadata: { ...metadata, name, namespace } },
    });
  }
  return result;
}
