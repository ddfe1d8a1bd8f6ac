import { posix } from "node:path";
import { applyMergePatch, isFields, type JsonObject, type JsonValue, parseYaml } from "../../apimachinery/index.ts";
import { type ApplicationSource, parseSource } from "../../apis/index.ts";
import { errorText } from "../../lib/index.ts";
import type { Place } from "./reads.ts";
import type { SourceFiles } from "./source-files.ts";

const decoder = new TextDecoder("utf-8");

/**
 * Lays `.argocd-source.yaml` and `.argocd-source-<app>.yaml`, which stand beside what they change, over a source. Where the
 * source comes from stays as it is.
 *
 * @throws {Error} naming the file
 */
export async function withOverrides(
  source: ApplicationSource,
  app: { name: string; place: Place },
  files: SourceFiles,
): Promise<ApplicationSource> {
  let merged = source;
  for (const name of [".argocd-source.yaml", `.argocd-source-${app.name}.yaml`]) {
    const path = posix.join(app.place.path, name);
    const bytes = await files.read({ tree: app.place.tree, path });
    if (bytes === undefined) continue;
    try {
      merged = overlay(merged, parseYaml(decoder.decode(bytes)));
    } catch (cause) {
      throw new Error(
        `error getting app source type: error while parsing source parameters: ${path}: ${errorText(cause)}`,
      );
    }
  }
  if (merged === source) return source;
  const { repoURL, path, chart, targetRevision } = source;
  const { repoURL: _1, path: _2, chart: _3, targetRevision: _4, ...tools } = merged;
  return {
    ...tools,
    repoURL,
    ...(path !== undefined && { path }),
    ...(chart !== undefined && { chart }),
    ...(targetRevision !== undefined && { targetRevision }),
  };
}

/** A merge patch in which nulls take nothing away: what Argo CD reads its result into has the old fields still in it. */
function overlay(source: ApplicationSource, patch: JsonValue): ApplicationSource {
  if (patch === null) return source;
  if (!isFields(patch)) throw new Error("it is no object");
  const document: JsonObject = JSON.parse(JSON.stringify(source));
  const merged = applyMergePatch(document, withoutNulls(patch, []));
  return isFields(merged) ? parseSource(merged) : source;
}

function withoutNulls(value: JsonValue, path: readonly string[]): JsonValue {
  // Values are free-form, there a null takes away.
  if (path.join(".") === "helm.valuesObject" && value !== null) return value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item ?? null, [...path, key])]));
}
