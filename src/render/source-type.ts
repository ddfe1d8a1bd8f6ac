/** Which tool makes manifests out of a source. */
export type SourceType = "Helm" | "Kustomize" | "Directory" | "Plugin";

/** What a source says about its tool; the shape of Argo CD's `ApplicationSource`. */
export type SourceTools = {
  readonly chart?: string;
  readonly directory?: object;
  readonly helm?: object;
  readonly kustomize?: object;
  readonly plugin?: object;
};

const kustomizationNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/**
 * Says which tool a source needs: the one it names, else what the files right in its path look like, else none.
 *
 * @param paths files of the source, relative to its path
 * @throws {Error} when the source names more than one tool
 */
export function detectSourceType(source: SourceTools, paths: Iterable<string>): SourceType {
  return explicitType(source) ?? discoverType(paths);
}

/** Options without any content are as good as absent: `directory: {}` does not make a chart a directory. */
function explicitType(source: SourceTools): SourceType | undefined {
  const named: SourceType[] = [];
  if (hasContent(source.kustomize)) named.push("Kustomize");
  if (hasContent(source.helm)) named.push("Helm");
  if (hasContent(source.directory)) named.push("Directory");
  if (source.plugin !== undefined) named.push("Plugin");
  if (named.length > 1) throw new Error(`multiple application sources defined: ${named.join(",")}`);
  return named[0] ?? (source.chart ? "Helm" : undefined);
}

function discoverType(paths: Iterable<string>): SourceType {
  let found: SourceType = "Directory";
  for (const path of [...paths].filter((name) => !name.includes("/")).sort()) {
    if (path.endsWith("Chart.yaml")) found = "Helm";
    if (kustomizationNames.includes(path)) found = "Kustomize";
  }
  return found;
}

function hasContent(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return false;
  if (typeof value === "object") return Object.values(value).some(hasContent);
  return true;
}
