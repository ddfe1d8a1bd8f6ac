import type { ApplicationSource } from "../../apis/index.ts";

/** Where `$name` leads: a source of the same application, at the revision that counts now. */
export type Reference = { repoURL: string; revision: string; chart: string };

export type SourceRequest = { source: ApplicationSource; revision: string };

/**
 * The sources that others may take files from, by `$name`.
 *
 * @throws {Error} in Argo CD's words
 */
export function referencesOf(requests: readonly SourceRequest[]): Map<string, Reference> {
  const references = new Map<string, Reference>();
  for (const { source, revision } of requests) {
    const { ref = "", repoURL, chart = "", targetRevision = "" } = source;
    if (ref === "") continue;
    if (!/^[a-zA-Z0-9_-]+$/.test(ref))
      throw new Error(
        `failed to get ref sources: sources.ref ${ref} cannot contain any special characters except '_' and '-'`,
      );
    if (references.has(`$${ref}`))
      throw new Error("failed to get ref sources: invalid sources: multiple sources had the same `ref` key");
    references.set(`$${ref}`, { repoURL, revision: revision || targetRevision || "HEAD", chart });
  }
  return references;
}

/**
 * The names of the sources that the value files and file parameters of a source mention.
 *
 * @throws {Error} in Argo CD's words, for names that there are none of
 */
export function mentionedIn({ helm }: ApplicationSource, references: ReadonlyMap<string, Reference>): string[] {
  const paths = [...(helm?.valueFiles ?? []), ...(helm?.fileParameters ?? []).map(({ path = "" }) => path)];
  const names = new Set(paths.filter((path) => path.startsWith("$")).map((path) => path.split("/")[0] ?? ""));
  for (const name of names) {
    const reference = references.get(name);
    if (reference === undefined && references.size === 0)
      throw new Error(`source referenced "${name}", but no source has a 'ref' field defined`);
    if (reference === undefined)
      throw new Error(
        `source referenced "${name}", which is not one of the available sources (${[...references.keys()].join(", ")})`,
      );
    if (reference.chart !== "")
      throw new Error(
        "source has a 'chart' field defined, but Helm charts are not yet not supported for 'ref' sources",
      );
  }
  return [...names];
}

/** Whether a source is only there for others to take files from. */
export function isOnlyReference({ ref = "", path = "", chart = "", repoURL }: ApplicationSource): boolean {
  return ref !== "" && path === "" && chart === "" && !repoURL.startsWith("oci://");
}
