import type { KubeObject } from "../apimachinery/index.ts";

const scheme = "cnoe://";

/**
 * Replaces every `cnoe://<relative path>` of an Application or ApplicationSet.
 *
 * idpbuilder rewrites `repoURL` of sources and git generators, and strings inside `helm.valuesObject`; here every string
 * of the spec counts, and `cnoe://` inside longer text, such as `helm.values`, does too.
 *
 * @param urlOf gives the repository URL for a relative path, `""` for the directory of the file itself
 * @returns the object with the URLs in place; the input is left as it was
 */
export function rewriteCnoeUrls(object: KubeObject, urlOf: (relativePath: string) => string): KubeObject {
  return { ...object, spec: rewrite(object["spec"], urlOf) };
}

/** The relative paths that {@link rewriteCnoeUrls} would ask for, each once, in the order they appear. */
export function cnoePaths(object: KubeObject): string[] {
  const paths = new Set<string>();
  rewriteCnoeUrls(object, (path) => {
    paths.add(path);
    return "";
  });
  return [...paths];
}

function rewrite(value: unknown, urlOf: (relativePath: string) => string): unknown {
  if (typeof value === "string") return value.includes(scheme) ? rewriteText(value, urlOf) : value;
  if (Array.isArray(value)) return value.map((item) => rewrite(item, urlOf));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rewrite(item, urlOf)]));
}

function rewriteText(text: string, urlOf: (relativePath: string) => string): string {
  return text.replaceAll(/cnoe:\/\/([^\s"'`,;)\]}]*)/g, (_, path: string) => urlOf(path.replace(/^\.\/|\/+$/g, "")));
}
