/**
 * Writes `src/apis/kubernetes/definitions.generated.json` out of the models of `@kubernetes/client-node`: for each type
 * that a built-in kind reaches, its fields with type and description. Run by hand when that package changes:
 * `node scripts/generate-kinds.ts`.
 *
 * The file maps a definition's name without `io.k8s.` to its fields. `""` is the type's own description. A field's key
 * ends in `!` when it is required; its value is a type, a space and the description. A type is a scalar's name, the name
 * of a definition, or one of them after `[]` (list) or `{}` (map). Two descriptions that stand in every kind, those of
 * `apiVersion` and `kind`, are left out.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { builtinResources } from "../src/apis/kubernetes/resources.ts";

const models = new URL("../node_modules/@kubernetes/client-node/dist/gen/models/", import.meta.url);
const target = new URL("../src/apis/kubernetes/definitions.generated.json", import.meta.url);

/** What discovery's subresources and requests carry beside the kinds. */
const otherRoots = [
  "api.core.v1.TopologySelectorTerm",
  "api.policy.v1.Eviction",
  "api.authentication.v1.TokenRequest",
  "api.autoscaling.v1.Scale",
];

const meta = "apimachinery.pkg.apis.meta.v1";
const metaRoots = [
  "ObjectMeta",
  "ListMeta",
  "LabelSelector",
  "DeleteOptions",
  "Status",
  "Condition",
  "FieldSelectorRequirement",
];

/** Fields that came after Kubernetes 1.34, which the models (1.36) have already. */
const later: Record<string, string[]> = {
  V1CSIDriverSpec: ["preventPodSchedulingIfMissing", "serviceAccountTokenInSecrets"],
  V1CustomResourceDefinitionCondition: ["observedGeneration"],
  V1CustomResourceDefinitionStatus: ["observedGeneration"],
  V1Device: ["nodeAllocatableResourceMappings"],
  V1DeviceAttribute: ["bools", "ints", "strings", "versions"],
  V1ListMeta: ["shardInfo"],
  V1NodeStatus: ["declaredFeatures"],
  V1PodCertificateProjection: ["userAnnotations"],
  V1PodSpec: ["schedulingGroup", "workloadRef"],
  V1PodStatus: ["allocatedResources", "nodeAllocatableResourceClaimStatuses", "resources"],
  V1ResourceHealth: ["message"],
  V1VolumeMountStatus: ["volumeStatus"],
};

/** What the models call `string`, `any` or `date-time` and the server treats more closely. */
const closer: Record<string, Record<string, string>> = {
  CoreV1Event: { eventTime: "microtime" },
  CoreV1EventSeries: { lastObservedTime: "microtime" },
  EventsV1Event: { eventTime: "microtime" },
  EventsV1EventSeries: { lastObservedTime: "microtime" },
  V1AllocatedDeviceStatus: { data: "raw" },
  V1CapacityRequestPolicy: { default: "quantity", validValues: "[]quantity" },
  V1CapacityRequestPolicyRange: { max: "quantity", min: "quantity", step: "quantity" },
  V1CapacityRequirements: { requests: "{}quantity" },
  V1ContainerStatus: { allocatedResources: "{}quantity" },
  V1ControllerRevision: { data: "raw" },
  V1Counter: { value: "quantity" },
  V1CSIStorageCapacity: { capacity: "quantity", maximumVolumeSize: "quantity" },
  V1DeviceCapacity: { value: "quantity" },
  V1DeviceRequestAllocationResult: { consumedCapacity: "{}quantity" },
  V1EmptyDirVolumeSource: { sizeLimit: "quantity" },
  V1LeaseSpec: { acquireTime: "microtime", renewTime: "microtime" },
  V1LimitRangeItem: {
    default: "{}quantity",
    defaultRequest: "{}quantity",
    max: "{}quantity",
    maxLimitRequestRatio: "{}quantity",
    min: "{}quantity",
  },
  V1ManagedFieldsEntry: { fieldsV1: "fields" },
  V1NodeStatus: { allocatable: "{}quantity", capacity: "{}quantity" },
  V1OpaqueDeviceConfiguration: { parameters: "raw" },
  V1Overhead: { podFixed: "{}quantity" },
  V1PersistentVolumeClaimStatus: { allocatedResources: "{}quantity", capacity: "{}quantity" },
  V1PersistentVolumeSpec: { capacity: "{}quantity" },
  V1PodSpec: { overhead: "{}quantity" },
  V1ResourceFieldSelector: { divisor: "quantity" },
  V1ResourceQuotaSpec: { hard: "{}quantity" },
  V1ResourceQuotaStatus: { hard: "{}quantity", used: "{}quantity" },
  V1ResourceRequirements: { limits: "{}quantity", requests: "{}quantity" },
  V1VolumeResourceRequirements: { limits: "{}quantity", requests: "{}quantity" },
  V2HPAScalingRules: { tolerance: "quantity" },
  V2MetricTarget: { averageValue: "quantity", value: "quantity" },
  V2MetricValueStatus: { averageValue: "quantity", value: "quantity" },
};

const scalars: Record<string, string> = {
  "any ": "any",
  "boolean ": "bool",
  "Date date-time": "time",
  "IntOrString int-or-string": "int-or-string",
  "number double": "double",
  "number int32": "int32",
  "number int64": "int64",
  "string ": "string",
  "string byte": "bytes",
};

type Field = { name: string; type: string; required: boolean; description: string };
type Model = { description: string; fields: Field[] };

const loaded = new Map<string, Model>();
const placed = placeModels();
const definitions = [...placed].map(([model, name]): [string, Record<string, string>] => {
  const { description, fields } = load(model);
  const lines = fields.map((field): [string, string] => [
    field.name + (field.required ? "!" : ""),
    `${field.type.replace(/[A-Za-z]*V\d\w+$/, placedName)} ${field.description}`.trimEnd(),
  ]);
  return [name, { "": description, ...Object.fromEntries(lines) }];
});
definitions.sort(([left], [right]) => (left < right ? -1 : 1));
writeFileSync(target, `${JSON.stringify(Object.fromEntries(definitions), undefined, 1)}\n`);
console.log(`${definitions.length} definitions in ${target.pathname}`);

/** Gives each model that a kind reaches its definition's name. The package is what the models' names have lost. */
function placeModels(): Map<string, string> {
  const places = new Map<string, string>();
  const place = (root: string, path: string) => {
    for (const model of reachableFrom(root)) {
      const known = places.get(model);
      const kept = known === undefined || known === path || known === meta || known.startsWith("api.core.");
      if (!kept) throw new Error(`${model} is reached from ${path} and from ${known}`);
      if (known === undefined) places.set(model, path);
    }
  };
  for (const kind of metaRoots) place(modelOf(`${meta}.${kind}`), meta);
  const roots = [...builtinResources.map(({ definition }) => definition.replace(/^io\.k8s\./, "")), ...otherRoots];
  const core = roots.filter((root) => root.startsWith("api.core."));
  for (const root of [...core, ...roots.filter((root) => !core.includes(root))])
    place(modelOf(root), root.replace(/\.\w+$/, ""));
  return new Map([...places].map(([model, path]) => [model, `${path}.${model.replace(/^([A-Z][a-z]+)?V\d/, "")}`]));
}

function placedName(model: string): string {
  const name = placed.get(model);
  if (name === undefined) throw new Error(`${model} has no place`);
  return name;
}

/** Kinds that several groups have carry the group in the model's name, like `CoreV1Event`. */
function modelOf(definition: string): string {
  const [kind = "", version = "", group = ""] = definition.split(".").reverse();
  const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
  const withGroup = capital(group) + capital(version) + kind;
  return exists(withGroup) ? withGroup : capital(version) + kind;
}

function exists(model: string): boolean {
  try {
    return readFileSync(new URL(`${model}.js`, models)).length > 0;
  } catch {
    return false;
  }
}

function reachableFrom(root: string, found = new Set<string>()): Set<string> {
  if (found.has(root)) return found;
  found.add(root);
  for (const { type } of load(root).fields) {
    const model = /[A-Za-z]*V\d\w+$/.exec(type)?.[0];
    if (model !== undefined) reachableFrom(model, found);
  }
  return found;
}

function load(model: string): Model {
  const known = loaded.get(model);
  if (known !== undefined) return known;
  const code = readFileSync(new URL(`${model}.js`, models), "utf8");
  const types = readFileSync(new URL(`${model}.d.ts`, models), "utf8");
  const list = /attributeTypeMap = (\[[\s\S]*?\n?\]);/.exec(code)?.[1];
  if (list === undefined) throw new Error(`${model} has no fields`);
  const attributes: { name: string; baseName: string; type: string; format: string }[] = JSON.parse(list);
  const fields = attributes
    .filter(({ baseName }) => !later[model]?.includes(baseName))
    .map(({ name, baseName, type, format }): Field => {
      const declared = new RegExp(`(?:/\\*\\*\\s*\\n\\s*\\* ([^\\n]*)\\n\\s*\\*/\\s*)?'${name}'(\\??):`).exec(types);
      if (declared === null) throw new Error(`${model}.${name} is not declared`);
      return {
        name: baseName,
        type: closer[model]?.[baseName] ?? typeOf(type, format),
        required: declared[2] === "",
        description: withoutStandard(unquoted(declared[1] ?? "")),
      };
    });
  const description = unquoted(/\/\*\*\s*\n\* ([^\n]*)\n\*\/\nexport declare class/.exec(types)?.[1] ?? "");
  const result = { description, fields };
  loaded.set(model, result);
  return result;
}

function typeOf(type: string, format: string): string {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return `[]${typeOf(list, format)}`;
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map !== undefined) return `{}${typeOf(map, format)}`;
  if (/^([A-Z][a-z]+)?V\d/.test(type)) return type;
  const scalar = scalars[`${type} ${format}`];
  if (scalar === undefined) throw new Error(`No scalar for ${type} ${format}`);
  return scalar;
}

/** `apiVersion` and `kind` say the same everywhere; the reader of the file puts it back where there is no description. */
function withoutStandard(description: string): string {
  return /^(APIVersion defines the versioned schema|Kind is a string value representing the REST) /.test(description)
    ? ""
    : description;
}

/** The models carry descriptions as the inside of a JavaScript string. */
function unquoted(text: string): string {
  return text.replace(/\\(['"\\])/g, "$1").trim();
}
