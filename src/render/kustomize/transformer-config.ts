import { fieldsAt, isFields, parseYaml, textAt, valueAt, YamlError } from "../../apimachinery/index.ts";
import { decodeYaml, list, struct, text } from "./decode.ts";
import { defaultConfig, type NameReference, type TransformerConfig } from "./default-config.ts";
import { type FieldSpec, mergeFieldSpecs, sortFieldSpecs } from "./field-spec.ts";
import { fieldSpecShape } from "./kustomization.ts";
import { KustomizeError, within } from "./kustomize-error.ts";
import type { Loader } from "./loader.ts";
import { sameGvk } from "./resource-id.ts";

const specs = list(fieldSpecShape);

const configShape = struct("TransformerConfig", {
  namePrefix: specs,
  nameSuffix: specs,
  namespace: specs,
  commonLabels: specs,
  labels: specs,
  templateLabels: specs,
  commonAnnotations: specs,
  nameReference: list(
    struct(
      "NameBackReferences",
      { group: text, version: text, kind: text, fieldSpecs: specs },
      {
        group: "Gvk",
        version: "Gvk",
        kind: "Gvk",
      },
    ),
  ),
  varReference: specs,
  images: specs,
  replicas: specs,
});

type WrittenSpec = { group?: string; version?: string; kind?: string; path?: string; create?: boolean };

export function completeFieldSpec(written: WrittenSpec): FieldSpec {
  const { group = "", version = "", kind = "", path = "", create = false } = written;
  return { group, version, kind, path, create };
}

export const emptyConfig: TransformerConfig = {
  namePrefix: [],
  nameSuffix: [],
  namespace: [],
  commonLabels: [],
  labels: [],
  templateLabels: [],
  commonAnnotations: [],
  nameReference: [],
  varReference: [],
  images: [],
  replicas: [],
};

/** What kustomize knows, and what the files of `configurations` add. @throws {KustomizeError} */
export async function loadConfig(loader: Loader, paths: readonly string[]): Promise<TransformerConfig> {
  let added = emptyConfig;
  for (const path of paths) added = mergeConfigs(added, parseConfig(await loader.readText(path)));
  return paths.length === 0 ? defaults : mergeConfigs(defaults, added);
}

function parseConfig(content: string): TransformerConfig {
  const written = decodeYaml(configShape, content, { strict: true });
  const complete = (list: readonly WrittenSpec[] = []): FieldSpec[] => sortFieldSpecs(list.map(completeFieldSpec));
  return {
    namePrefix: complete(written.namePrefix),
    nameSuffix: complete(written.nameSuffix),
    namespace: complete(written.namespace),
    commonLabels: complete(written.commonLabels),
    labels: complete(written.labels),
    templateLabels: complete(written.templateLabels),
    commonAnnotations: complete(written.commonAnnotations),
    nameReference: sortFieldSpecs(
      (written.nameReference ?? []).map(({ group = "", version = "", kind = "", fieldSpecs = [] }) => {
        return { group, version, kind, referrers: fieldSpecs.map(completeFieldSpec) };
      }),
    ),
    varReference: complete(written.varReference),
    images: complete(written.images),
    replicas: complete(written.replicas),
  };
}

/**
 * Puts two configurations together, sorted. As upstream a field of all kinds counts as known when one of any kind is, and in
 * the order it comes last: who adds a kind to the fields for `namePrefix` takes all others away.
 *
 * @throws {KustomizeError} when both speak of the same field and differ about its creation
 */
export function mergeConfigs(config: TransformerConfig, more: TransformerConfig): TransformerConfig {
  if (config === more || more === emptyConfig) return config;
  if (config === emptyConfig && more === defaults) return more;
  return mergeAll(config, more);
}

function mergeAll(config: TransformerConfig, more: TransformerConfig): TransformerConfig {
  const merge = (name: Exclude<keyof TransformerConfig, "nameReference">, title: string): FieldSpec[] =>
    within(`failed to merge ${title} fieldSpec`, () => sortFieldSpecs(mergeFieldSpecs(config[name], more[name])));
  return {
    namePrefix: merge("namePrefix", "NamePrefix"),
    nameSuffix: merge("nameSuffix", "NameSuffix"),
    namespace: merge("namespace", "NameSpace"),
    commonAnnotations: merge("commonAnnotations", "CommonAnnotations"),
    commonLabels: merge("commonLabels", "CommonLabels"),
    labels: merge("labels", "Labels"),
    templateLabels: merge("templateLabels", "TemplateLabels"),
    varReference: merge("varReference", "VarReference"),
    nameReference: within("failed to merge NameReference fieldSpec", () =>
      sortFieldSpecs(mergeReferences(config.nameReference, more.nameReference)),
    ),
    images: merge("images", "Images"),
    replicas: merge("replicas", "Replicas"),
  };
}

function mergeReferences(references: readonly NameReference[], more: readonly NameReference[]): NameReference[] {
  const merged = [...references];
  for (const reference of more) {
    const index = merged.findIndex((other) => sameGvk(other, reference));
    const old = merged[index];
    if (old === undefined) merged.push(reference);
    else merged[index] = { ...old, referrers: mergeFieldSpecs(old.referrers, reference.referrers) };
  }
  return merged;
}

/** The fields that the OpenAPI definitions in the files of `crds` tell of. @throws {KustomizeError} */
export async function loadCrdConfig(loader: Loader, paths: readonly string[]): Promise<TransformerConfig> {
  let config = emptyConfig;
  for (const path of paths) {
    const definitions = parseDefinitions(await loader.readText(path), path);
    for (const [name, definition] of Object.entries(definitions)) {
      const properties = fieldsAt(definition, "Schema", "properties");
      if (!["kind", "apiVersion", "metadata"].every((field) => Object.hasOwn(properties, field))) continue;
      const kind = name.slice(name.lastIndexOf(".") + 1);
      config = mergeConfigs(config, configOfType(definitions, name, { group: "", version: "", kind }, []));
    }
  }
  return config;
}

function parseDefinitions(content: string, path: string): Readonly<Record<string, unknown>> {
  const place = `unable to parse open API definition from '${path}'`;
  try {
    const value = parseYaml(content);
    if (!isFields(value)) throw new KustomizeError(`${place}: not an object`);
    return value;
  } catch (error) {
    if (error instanceof YamlError) throw new KustomizeError(`${place}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** How deep definitions may refer to each other; a definition that refers to itself ends here. */
const definitionsDepthMax = 50;

function configOfType(
  definitions: Readonly<Record<string, unknown>>,
  name: string,
  gvk: { group: string; version: string; kind: string },
  path: readonly string[],
): TransformerConfig {
  if (path.length > definitionsDepthMax)
    throw new KustomizeError(`definitions nest deeper than ${definitionsDepthMax}`);
  let config = emptyConfig;
  const add = (more: Partial<TransformerConfig>): void => {
    config = mergeConfigs(config, { ...emptyConfig, ...more });
  };
  for (const [property, schema] of Object.entries(fieldsAt(definitions[name], "Schema", "properties"))) {
    const at = [...path, property];
    const spec: FieldSpec = { ...gvk, path: at.join("/"), create: false };
    const has = (extension: string): boolean => typeof valueAt(schema, extension) === "string";
    if (has("x-kubernetes-annotation")) add({ commonAnnotations: [spec] });
    if (has("x-kubernetes-label-selector")) add({ commonLabels: [spec] });
    if (has("x-kubernetes-identity")) add({ namePrefix: [spec] });
    if (has("x-kubernetes-object-ref-api-version") && has("x-kubernetes-object-ref-kind")) {
      const version = textAt(schema, "x-kubernetes-object-ref-api-version");
      const kind = textAt(schema, "x-kubernetes-object-ref-kind");
      const nameKey = has("x-kubernetes-object-ref-name-key")
        ? textAt(schema, "x-kubernetes-object-ref-name-key")
        : "name";
      const referrer = { ...spec, path: [...at, nameKey].join("/") };
      add({ nameReference: [{ group: "", version, kind, referrers: [referrer] }] });
    }
    const reference = textAt(schema, "$ref");
    if (reference !== "") config = mergeConfigs(config, configOfType(definitions, reference, gvk, at));
  }
  return config;
}

/** What kustomize knows, put together with nothing, as it is before it is used. */
const defaults: TransformerConfig = mergeAll(emptyConfig, sortConfig(defaultConfig));

function sortConfig(config: TransformerConfig): TransformerConfig {
  return {
    namePrefix: sortFieldSpecs(config.namePrefix),
    nameSuffix: sortFieldSpecs(config.nameSuffix),
    namespace: sortFieldSpecs(config.namespace),
    commonLabels: sortFieldSpecs(config.commonLabels),
    labels: sortFieldSpecs(config.labels),
    templateLabels: sortFieldSpecs(config.templateLabels),
    commonAnnotations: sortFieldSpecs(config.commonAnnotations),
    nameReference: sortFieldSpecs(config.nameReference),
    varReference: sortFieldSpecs(config.varReference),
    images: sortFieldSpecs(config.images),
    replicas: sortFieldSpecs(config.replicas),
  };
}
