import { stringifyYaml } from "../../apimachinery/index.ts";
import { decodeYaml, flag, integer, list, mapOf, type Shape, struct, text } from "./decode.ts";
import { generate } from "./generate.ts";
import { hashNames } from "./hash.ts";
import { checkChart, inflateChart } from "./helm-charts.ts";
import {
  configMapArgsShape,
  fieldSpecShape,
  helmPluginShape,
  imageShape,
  metadataShape,
  patchShape,
  replacementFieldShape,
  replicaShape,
  secretArgsShape,
  selectorShape,
} from "./kustomization.ts";
import { KustomizeError, prefixed } from "./kustomize-error.ts";
import { Scalar, toJson } from "./node.ts";
import type { Generator, PluginContext, Transformer } from "./plugin.ts";
import { readResources } from "./read-resources.ts";
import { Resource } from "./resource.ts";
import { formatGvk, formatId } from "./resource-id.ts";
import { completeFieldSpec } from "./transformer-config.ts";
import {
  affixTransformer,
  entriesTransformer,
  imageTransformer,
  jsonPatchTransformer,
  mergePatchTransformer,
  namespaceTransformer,
  patchTransformer,
  replacementTransformer,
  replicaTransformer,
  type ValueTarget,
  valueTransformer,
} from "./transformers.ts";

type Configure<T> = (config: string, context: PluginContext) => Promise<T> | T;

const specs = list(fieldSpecShape);
const complete = (written: Parameters<typeof completeFieldSpec>[0][] | undefined) =>
  (written ?? []).map(completeFieldSpec);

const labelConfig = struct("LabelTransformerPlugin", { labels: mapOf(text), fieldSpecs: specs });
const annotationConfig = struct("AnnotationsTransformerPlugin", { annotations: mapOf(text), fieldSpecs: specs });
const affixConfig = struct("PrefixTransformerPlugin", { prefix: text, suffix: text, fieldSpecs: specs });
const namespaceConfig = struct("NamespaceTransformerPlugin", {
  metadata: metadataShape,
  fieldSpecs: specs,
  unsetOnly: flag,
  setRoleBindingSubjects: text,
});
const imageConfig = struct("ImageTagTransformerPlugin", { imageTag: imageShape, fieldSpecs: specs });
const replicaConfig = struct("ReplicaCountTransformerPlugin", { replica: replicaShape, fieldSpecs: specs });
const mergePatchConfig = struct("PatchStrategicMergeTransformerPlugin", { paths: list(text), patches: text });
const jsonPatchConfig = struct("PatchJson6902TransformerPlugin", { target: selectorShape, path: text, jsonOp: text });
const replacementConfig = struct("ReplacementTransformerPlugin", { replacements: list(replacementFieldShape) });
const valueTargets = list(
  struct("Target", { selector: selectorShape, fieldPath: text, filePathPosition: integer("int") }),
);
const valueConfig = struct("ValueAddTransformerPlugin", { value: text, targets: valueTargets, targetFilePath: text });
const iamConfig = struct("IAMPolicyGeneratorArgs", {
  cloud: text,
  kubernetesService: struct("KubernetesService", { name: text, namespace: text }),
  serviceAccount: struct("ServiceAccount", { name: text, projectId: text }),
});

const transformers: Readonly<Record<string, Configure<Transformer>>> = {
  AnnotationsTransformer(config) {
    const { annotations = {}, fieldSpecs } = decodeYaml(annotationConfig, config);
    return entriesTransformer(annotations, complete(fieldSpecs));
  },
  LabelTransformer(config) {
    const { labels = {}, fieldSpecs } = decodeYaml(labelConfig, config);
    return entriesTransformer(labels, complete(fieldSpecs));
  },
  HashTransformer: () => ({ transform: hashNames }),
  ImageTagTransformer(config) {
    const { imageTag = {}, fieldSpecs } = decodeYaml(imageConfig, config);
    return imageTransformer(imageTag, complete(fieldSpecs));
  },
  NamespaceTransformer(config) {
    const written = decodeYaml(namespaceConfig, config);
    const subjects = written.setRoleBindingSubjects || "defaultOnly";
    if (subjects !== "defaultOnly" && subjects !== "allServiceAccounts" && subjects !== "none") {
      const rule = 'must be one of "defaultOnly", "none" or "allServiceAccounts"';
      throw new KustomizeError(`invalid value "${subjects}" for setRoleBindingSubjects: ${rule}`);
    }
    const { metadata, unsetOnly = false } = written;
    const namespace = metadata?.namespace ?? "";
    return namespaceTransformer({ namespace, specs: complete(written.fieldSpecs), unsetOnly, subjects });
  },
  PatchTransformer(config, context) {
    return patchTransformer(decodeYaml(patchShape, config), config, context);
  },
  PatchStrategicMergeTransformer(config, context) {
    const { paths = [], patches = "" } = decodeYaml(mergePatchConfig, config);
    return mergePatchTransformer(paths, patches, context);
  },
  PatchJson6902Transformer(config, context) {
    return jsonPatchTransformer(decodeYaml(jsonPatchConfig, config), context);
  },
  PrefixTransformer(config) {
    const { prefix = "", fieldSpecs } = decodeYaml(affixConfig, config);
    return affixTransformer("prefix", prefix, fieldSpecs?.map(completeFieldSpec));
  },
  SuffixTransformer(config) {
    const { suffix = "", fieldSpecs } = decodeYaml(affixConfig, config);
    return affixTransformer("suffix", suffix, fieldSpecs?.map(completeFieldSpec));
  },
  PrefixSuffixTransformer(config) {
    const { prefix = "", suffix = "", fieldSpecs } = decodeYaml(affixConfig, config);
    const fields = fieldSpecs?.map(completeFieldSpec);
    const both = [affixTransformer("prefix", prefix, fields), affixTransformer("suffix", suffix, fields)];
    return {
      transform(resources) {
        for (const transformer of both) transformer.transform(resources);
      },
    };
  },
  ReplacementTransformer(config, context) {
    return replacementTransformer(decodeYaml(replacementConfig, config).replacements ?? [], context);
  },
  ReplicaCountTransformer(config) {
    const { replica = {}, fieldSpecs } = decodeYaml(replicaConfig, config);
    return replicaTransformer(replica, complete(fieldSpecs));
  },
  async ValueAddTransformer(config, context) {
    const { value = "", targets = [], targetFilePath = "" } = decodeYaml(valueConfig, config);
    const more = targetFilePath === "" ? [] : await loadValueTargets(targetFilePath, context);
    const all = [...targets, ...more].map(({ selector, fieldPath = "", filePathPosition = 0 }): ValueTarget => {
      return { selector, fieldPath, filePathPosition };
    });
    return valueTransformer(value, all, context);
  },
};

async function loadValueTargets(path: string, { loader }: PluginContext) {
  return decodeYaml(struct("Targets", { targets: valueTargets }), await loader.readText(path)).targets ?? [];
}

function dataGenerator<
  T extends { name?: string; namespace?: string; metadata?: { name?: string; namespace?: string } },
>(kind: "ConfigMap" | "Secret", shape: Shape<T>): Configure<Generator> {
  return (config, context) => {
    const args = decodeYaml(shape, config);
    const { metadata } = decodeYaml(struct("ObjectMeta", { metadata: metadataShape }), config);
    const name = args.name || metadata?.name || "";
    const namespace = args.namespace || metadata?.namespace || "";
    return { generate: async () => [await generate(kind, { ...args, name, namespace }, context)] };
  };
}

const generators: Readonly<Record<string, Configure<Generator>>> = {
  ConfigMapGenerator: dataGenerator("ConfigMap", configMapArgsShape),
  SecretGenerator: dataGenerator("Secret", secretArgsShape),
  async HelmChartInflationGenerator(config, context) {
    const chart = decodeYaml(helmPluginShape, config);
    return await chartGenerator(chart, context);
  },
  IAMPolicyGenerator(config, context) {
    const { cloud = "", kubernetesService = {}, serviceAccount = {} } = decodeYaml(iamConfig, config);
    const { name = "", projectId = "" } = serviceAccount;
    return {
      async generate() {
        if (cloud !== "gke") throw new KustomizeError(`cloud provider ${cloud} not supported yet`);
        const metadata = new Map<string, Scalar | Map<string, Scalar>>();
        const account = `${name}@${projectId}.iam.gserviceaccount.com`;
        metadata.set("annotations", new Map([["iam.gke.io/gcp-service-account", new Scalar(account)]]));
        metadata.set("name", new Scalar(kubernetesService.name ?? ""));
        if (kubernetesService.namespace) metadata.set("namespace", new Scalar(kubernetesService.namespace));
        const node = new Map<string, Scalar | typeof metadata>();
        node.set("apiVersion", new Scalar("v1"));
        node.set("kind", new Scalar("ServiceAccount"));
        node.set("metadata", metadata);
        return [new Resource(node, context.place, context.openApi)];
      },
    };
  },
};

/** A generator of what a chart renders. */
export async function chartGenerator(
  chart: Parameters<typeof checkChart>[0],
  context: PluginContext,
): Promise<Generator> {
  const { charts, loader, openApi } = context;
  await checkChart(chart, charts, loader);
  return {
    async generate() {
      const manifest = await inflateChart(chart, charts, loader);
      return readResources(manifest, { file: context.place.file, openApi });
    },
  };
}

/** Makes the transformer that a file configures. @throws {KustomizeError} */
export async function configureTransformer(config: Resource, context: PluginContext): Promise<Transformer> {
  const id = formatId(config.originalId);
  if (Object.hasOwn(generators, builtinKind(config))) throw new KustomizeError(`plugin ${id} not a transformer`);
  return await configure(transformers, config, context);
}

/** Makes the generator that a file configures. @throws {KustomizeError} */
export async function configureGenerator(config: Resource, context: PluginContext): Promise<Generator> {
  try {
    const id = formatId(config.originalId);
    if (Object.hasOwn(transformers, builtinKind(config))) throw new KustomizeError(`plugin ${id} not a generator`);
    return await configure(generators, config, context);
  } catch (error) {
    throw prefixed("failed to load generator", error);
  }
}

/** Plugins of kustomize itself have the API version `builtin`; all others would be programs or containers. */
function builtinKind({ apiVersion, kind }: Resource): string {
  return apiVersion === "builtin" ? kind : "";
}

async function configure<T>(
  known: Readonly<Record<string, Configure<T>>>,
  config: Resource,
  context: PluginContext,
): Promise<T> {
  const { kind, node } = config;
  if (config.apiVersion !== "builtin") {
    throw new KustomizeError(`external plugins disabled; unable to load external plugin '${config.originalId.kind}'`);
  }
  const make = Object.hasOwn(known, kind) ? known[kind] : undefined;
  if (make === undefined || node === undefined) {
    throw new KustomizeError(`unable to load builtin ${formatGvk(config.gvk)}`);
  }
  try {
    return await make(stringifyYaml(toJson(node)), context);
  } catch (error) {
    throw prefixed(`plugin ${formatId(config.originalId)} fails configuration`, error);
  }
}
