import { posix } from "node:path";
import { type ExactValue, type KubeObject, parseJson, parseYamlDocuments, YamlError } from "../apimachinery/index.ts";
import { compileGlob } from "./glob.ts";

/** One file of a source; `path` is relative to the path of the source, with `/`. */
export type SourceFile = { readonly path: string; readonly sizeBytes: number; read(): Promise<Uint8Array> };

/** The fields of `source.directory` that choose files. */
export type DirectoryOptions = {
  readonly recurse?: boolean;
  readonly include?: string;
  readonly exclude?: string;
  readonly disableExtensionFilter?: boolean;
  /** The path that the files are relative to; put before their names in results and errors. */
  readonly root?: string;
};

/** An object and the place it stands at; `line` counts from 1. */
export type Manifest = { object: KubeObject; file: string; line: number };

/** A file of the source that cannot be used. The message names the file, and the line where there is one. */
export class RenderError extends Error {
  readonly file: string;
  constructor(file: string, message: string) {
    super(message);
    this.name = "RenderError";
    this.file = file;
  }
}

/** Argo CD's default for `reposerver.max.combined.directory.manifests.size`. */
export const manifestBytesMax = 10_000_000;

const manifestName = /^.*\.(yaml|yml|json|jsonnet)$/;
const skipMarker = "+argocd:skip-file-rendering";
const decoder = new TextDecoder("utf-8");

/** Says which files of a directory source are manifests; what they say in their text is not looked at. */
export function selectFiles<F extends { readonly path: string }>(files: Iterable<F>, options: DirectoryOptions): F[] {
  const included = options.include ? compileGlob(options.include) : () => true;
  const excluded = options.exclude ? compileGlob(options.exclude) : () => false;
  return [...files]
    .filter(({ path }) => options.recurse === true || !path.includes("/"))
    .filter(({ path }) => options.disableExtensionFilter === true || manifestName.test(path))
    .filter(({ path }) => !excluded(path) && included(path))
    .sort((a, b) => compareAsWalked(a.path, b.path));
}

/**
 * Reads the manifests of a directory source, as Argo CD does: several documents in a file, lists made flat, files that are
 * no manifests left out.
 *
 * @returns in the order of their paths, then of their lines
 * @throws {RenderError} for a file that looks like a manifest and is not well-formed
 */
export async function renderDirectory(
  files: Iterable<SourceFile>,
  options: DirectoryOptions = {},
): Promise<Manifest[]> {
  const chosen = selectFiles(files, options);
  const sizeBytes = chosen.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (sizeBytes > manifestBytesMax) {
    throw new RenderError("", `manifests have ${sizeBytes} bytes together, more than ${manifestBytesMax}`);
  }
  const rendered: Manifest[] = [];
  for (const file of chosen) {
    const text = decoder.decode(await file.read());
    if (text.includes(skipMarker)) continue;
    rendered.push(...manifestsIn(posix.join(options.root ?? "", file.path), text));
  }
  return rendered;
}

function manifestsIn(file: string, text: string): Manifest[] {
  if (file.endsWith(".jsonnet")) {
    throw new RenderError(file, `Jsonnet is not supported yet: "${file}" (exclude it with directory.exclude)`);
  }
  return file.endsWith(".json") ? manifestsInJson(file, text) : manifestsInYaml(file, text);
}

function manifestsInJson(file: string, text: string): Manifest[] {
  try {
    return flatten(parseJson(text, { integers: "exact" }), { file, line: 1 });
  } catch (cause) {
    throw unusable(file, cause);
  }
}

/**
 * A broken file is an error only when it was meant as a manifest: when something before the mistake is one, or when it has
 * the words of one. Repositories hold other YAML too, Helm templates for instance.
 */
function manifestsInYaml(file: string, text: string): Manifest[] {
  const found: Manifest[] = [];
  try {
    // A last line counts as ended, as to the YAML reader of k8s.io/apimachinery.
    const ended = text.endsWith("\n") ? text : `${text}\n`;
    for (const { value, line } of parseYamlDocuments(ended, { integers: "exact" }))
      found.push(...flatten(value, { file, line }));
  } catch (cause) {
    const looksLikeManifest = ["apiVersion:", "kind:", "metadata:"].every((word) => text.includes(word));
    if (found.length > 0 || looksLikeManifest) throw unusable(file, cause);
    return [];
  }
  return found;
}

/**
 * The objects that a document is: itself, or the items of a list.
 *
 * @throws {RenderError} when it is no object
 */
export function manifestsOf(value: ExactValue, place: { file: string; line: number }): Manifest[] {
  try {
    return flatten(value, place);
  } catch (cause) {
    throw unusable(place.file, cause);
  }
}

function unusable(file: string, cause: unknown): RenderError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RenderError(file, `Failed to unmarshal "${file}": ${why}`);
}

function flatten(value: ExactValue, place: { file: string; line: number }): Manifest[] {
  if (!isObject(value)) throw noObject(place, "not an object");
  if (typeof value["kind"] !== "string" || value["kind"] === "") throw noObject(place, "Object 'Kind' is missing");
  if (typeof value["apiVersion"] !== "string" || value["apiVersion"] === "") {
    throw noObject(place, "Object 'apiVersion' is missing");
  }
  const items = value["items"];
  if (Array.isArray(items)) return items.flatMap((item) => flatten(item, place));
  if (items === null && !("spec" in value) && !("status" in value)) return [];
  const metadata = value["metadata"];
  if (metadata !== undefined && metadata !== null && !isObject(metadata))
    throw noObject(place, "metadata is not an object");
  const object: KubeObject = {
    ...value,
    apiVersion: value["apiVersion"],
    kind: value["kind"],
    metadata: metadata ?? {},
  };
  return [{ object, ...place }];
}

function noObject({ line }: { line: number }, why: string): YamlError {
  return new YamlError(why, { line, column: 1 });
}

function isObject(value: ExactValue): value is { [field: string]: ExactValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A directory is walked where its name stands among its siblings: `a/b` comes before `a.yaml`. */
function compareAsWalked(a: string, b: string): number {
  const [left, right] = [a.replaceAll("/", "\0"), b.replaceAll("/", "\0")];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
