import { compareUtf8 } from "../../apimachinery/index.ts";
import type { GeneratorArgs, GeneratorOptions } from "./kustomization.ts";
import { KustomizeError, prefixed } from "./kustomize-error.ts";
import type { Loader } from "./loader.ts";
import { type MapNode, Scalar } from "./node.ts";
import type { OpenApi } from "./openapi.ts";
import { notes, type Place, Resource } from "./resource.ts";

/** Options of one generator, which win over those of all. */
export function mergeOptions(
  own: GeneratorOptions | undefined,
  all: GeneratorOptions | undefined,
): GeneratorOptions | undefined {
  if (all === undefined) return own;
  const merged: GeneratorOptions = { ...own };
  const labels = { ...all.labels, ...own?.labels };
  const annotations = { ...all.annotations, ...own?.annotations };
  if (Object.keys(labels).length > 0) merged.labels = labels;
  if (Object.keys(annotations).length > 0) merged.annotations = annotations;
  if (all.disableNameSuffixHash === true) merged.disableNameSuffixHash = true;
  if (all.immutable === true) merged.immutable = true;
  return merged;
}

/**
 * Makes a ConfigMap or a Secret of files, literals and files of `NAME=value` lines.
 *
 * @throws {KustomizeError}
 */
export async function generate(
  kind: "ConfigMap" | "Secret",
  args: GeneratorArgs,
  { loader, place, openApi }: { loader: Loader; place: Place; openApi: OpenApi },
): Promise<Resource> {
  const { name = "", namespace = "", options } = args;
  if (name === "") throw new KustomizeError("a configmap must have a name");
  const metadata: MapNode = new Map([["name", new Scalar(name, "str")]]);
  if (namespace !== "") metadata.set("namespace", new Scalar(namespace, "str"));
  const node: MapNode = new Map();
  node.set("apiVersion", new Scalar("v1", "str"));
  node.set("kind", new Scalar(kind, "str"));
  node.set("metadata", metadata);
  if (kind === "Secret") node.set("type", new Scalar(args.type || "Opaque", "str"));
  const data = await loadData(args, loader, name);
  if (kind === "Secret") setSecretData(node, data);
  else setConfigMapData(node, data);
  setTexts(metadata, "labels", options?.labels);
  setTexts(metadata, "annotations", options?.annotations);
  if (options?.immutable === true) node.set("immutable", new Scalar("true", "bool"));
  const resource = new Resource(node, place, openApi);
  if (options?.disableNameSuffixHash !== true) resource.enable(notes.needsHash);
  const behavior = args.behavior ?? "";
  const isKnown = behavior === "create" || behavior === "replace" || behavior === "merge";
  resource.setAnnotation(notes.behavior, isKnown ? behavior : "unspecified");
  return resource;
}

function setTexts(metadata: MapNode, field: string, texts: Readonly<Record<string, string>> | undefined): void {
  const keys = Object.keys(texts ?? {}).sort(compareUtf8);
  if (keys.length === 0) return;
  metadata.set(field, new Map(keys.map((key) => [key, new Scalar(texts?.[key] ?? "", "str")])));
}

function setConfigMapData(node: MapNode, data: ReadonlyMap<string, Buffer>): void {
  for (const key of [...data.keys()].sort(compareUtf8)) {
    const value = data.get(key) ?? Buffer.alloc(0);
    const isText = isUtf8(value);
    const field = isText ? "data" : "binaryData";
    const found = node.get(field);
    const map: MapNode = found instanceof Map ? found : new Map();
    node.set(field, map);
    map.set(key, new Scalar(isText ? value.toString() : toBase64(value), "str"));
  }
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes);
}

function setSecretData(node: MapNode, data: ReadonlyMap<string, Buffer>): void {
  const keys = [...data.keys()].sort(compareUtf8);
  node.set("data", new Map(keys.map((key) => [key, new Scalar(toBase64(data.get(key) ?? Buffer.alloc(0)), "str")])));
}

/** Long values are broken into lines of 70 characters. */
function toBase64(bytes: Buffer): string {
  const text = bytes.toString("base64");
  if (text.length < 70) return text;
  return text.replace(/.{1,70}/g, "$&\n");
}

type Pair = readonly [key: string, value: Buffer];

async function loadData(args: GeneratorArgs, loader: Loader, name: string): Promise<Map<string, Buffer>> {
  let pairs: Pair[];
  try {
    const { envs = [], literals = [], files = [] } = args;
    pairs = [
      ...(await inPlace(`env source files: [${envs.join(" ")}]`, () => loadEnvs(envs, loader))),
      ...(await inPlace(`literal sources [${literals.join(" ")}]`, () => literals.map(parseLiteral))),
      ...(await inPlace(`file sources: [${files.join(" ")}]`, () => loadFiles(files, loader))),
    ];
  } catch (error) {
    throw prefixed("loading KV pairs", error);
  }
  const data = new Map<string, Buffer>();
  for (const [key, value] of pairs) {
    if (data.has(key)) throw new KustomizeError(`configmap ${name} illegally repeats the key \`${key}\``);
    data.set(key, value);
  }
  return data;
}

async function inPlace(place: string, run: () => Pair[] | Promise<Pair[]>): Promise<Pair[]> {
  try {
    return await run();
  } catch (error) {
    throw prefixed(place, error);
  }
}

async function loadEnvs(paths: readonly string[], loader: Loader): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const path of paths) {
    const content = Buffer.from(await loader.read(path));
    const lines = content.toString("latin1").split("\n");
    if (lines.at(-1) === "") lines.pop();
    for (const [index, line] of lines.entries()) {
      const pair = parseEnvLine(Buffer.from(line.replace(/\r$/, ""), "latin1"), index);
      if (pair !== undefined) pairs.push(pair);
    }
  }
  return pairs;
}

/** A name without a value has an empty one. Upstream does not look at what names are made of, so neither do we. */
function parseEnvLine(bytes: Buffer, index: number): Pair | undefined {
  if (!isUtf8(bytes)) throw new KustomizeError(`line ${index} has invalid utf8 bytes : ${bytes.toString()}`);
  let line = bytes.toString();
  if (index === 0) line = line.replace(/^\ufeff/, "");
  line = line.replace(/^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/, "");
  if (line === "" || line.startsWith("#")) return undefined;
  const equals = line.indexOf("=");
  const key = equals < 0 ? line : line.slice(0, equals);
  return [key, Buffer.from(equals < 0 ? "" : line.slice(equals + 1))];
}

function parseLiteral(source: string): Pair {
  const equals = source.indexOf("=");
  if (equals <= 0) throw new KustomizeError(`invalid literal source ${source}, expected key=value`);
  const value = source.slice(equals + 1);
  const quoted = /^(["'])([\s\S]*)\1$/.exec(value);
  return [source.slice(0, equals), Buffer.from(quoted?.[2] ?? value)];
}

async function loadFiles(sources: readonly string[], loader: Loader): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const source of sources) {
    const { key, path } = parseFileSource(source);
    pairs.push([key, Buffer.from(await loader.read(path))]);
  }
  return pairs;
}

function parseFileSource(source: string): { key: string; path: string } {
  const parts = source.split("=");
  const [first = "", second = ""] = parts;
  if (parts.length === 1) return { key: first.replace(/\/+$/, "").split("/").at(-1) ?? "", path: source };
  if (parts.length > 2) throw new KustomizeError(`source "${source}" key name or file path contains '='`);
  if (first === "") throw new KustomizeError(`missing key name for file path "${second}" in source "${source}"`);
  if (second === "") throw new KustomizeError(`missing file path for key name "${first}" in source "${source}"`);
  return { key: first, path: second };
}
