import { posix } from "node:path";
import { parseYaml, stringifyYaml, textAt } from "../../apimachinery/index.ts";
import { parseRepositoryUrl } from "./git-url.ts";
import { originAnnotation, type Resource, transformationsAnnotation } from "./resource.ts";
import type { Resources } from "./resources.ts";

/** What made a resource, by the configuration of it. */
export type ConfiguredBy = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name?: string;
  readonly namespace?: string;
};

/** Where a resource comes from, or what changed it; `buildMetadata` asks for it. */
export type Origin = {
  readonly path?: string;
  readonly repo?: string;
  readonly ref?: string;
  readonly configuredIn?: string;
  readonly configuredBy?: ConfiguredBy;
};

/** The origin of what a kustomization refers to by a path or a URL. */
export function appendPath(origin: Origin, path: string): Origin {
  const repository = parseRepositoryUrl(path);
  if (repository === undefined) return { ...origin, path: posix.join(origin.path ?? "", path) };
  const { ref, url } = repository;
  return { repo: url, ...(ref !== "" && { ref }), path: repository.path };
}

/** The origin of what a field of a kustomization makes or does. */
export function configuredBy(origin: Origin, file: string, by: ConfiguredBy): Origin {
  const { repo, ref, path = "" } = origin;
  const configuredIn = posix.join(path, file);
  return { ...(repo && { repo }), ...(ref && { ref }), configuredIn, configuredBy: by };
}

/** The origin of what a file with the configuration of a plugin makes or does; `undefined` if nobody tracks origins. */
export function configuredByPlugin(config: Resource): Origin | undefined {
  const text = config.annotation(originAnnotation);
  if (text === undefined) return undefined;
  const own = parseYaml(text);
  const { apiVersion, kind, name, namespace } = config;
  const by: ConfiguredBy = { apiVersion, kind, ...(name && { name }), ...(namespace && { namespace }) };
  const [repo, ref] = [textAt(own, "repo"), textAt(own, "ref")];
  return { ...(repo && { repo }), ...(ref && { ref }), configuredIn: textAt(own, "path"), configuredBy: by };
}

export function setOrigin(resource: Resource, origin: Origin): void {
  resource.setAnnotation(originAnnotation, formatOrigin(origin));
}

/** Notes what changed resources; what has no origin yet was made by it. */
export function addTransformation(resources: Resources, origin: Origin): void {
  for (const resource of resources.all) {
    if (resource.annotation(originAnnotation) === undefined) {
      setOrigin(resource, origin);
      continue;
    }
    const before = resource.annotation(transformationsAnnotation) ?? "";
    const item = formatOrigin(origin).replace(/\n(?=.)/g, "\n  ");
    resource.setAnnotation(transformationsAnnotation, `${before === "[]\n" ? "" : before}- ${item}`);
  }
}

/** In the order of kustomize's struct, which is not that of names. */
export function formatOrigin(origin: Origin): string {
  const lines: string[] = [];
  const add = (indent: string, name: string, value: string | undefined): void => {
    if (value !== undefined && value !== "") lines.push(`${indent}${stringifyYaml({ [name]: value })}`);
  };
  add("", "path", origin.path);
  add("", "repo", origin.repo);
  add("", "ref", origin.ref);
  add("", "configuredIn", origin.configuredIn);
  if (origin.configuredBy !== undefined) {
    const { apiVersion, kind, name, namespace } = origin.configuredBy;
    lines.push("configuredBy:\n");
    add("  ", "apiVersion", apiVersion);
    add("  ", "kind", kind);
    add("  ", "name", name);
    add("  ", "namespace", namespace);
  }
  return lines.length === 0 ? "{}\n" : lines.join("");
}
