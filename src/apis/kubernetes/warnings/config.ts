import { type Fields, fieldsAt, isFields, itemsAt, listAt, quoteGo, textAt } from "../../../apimachinery/index.ts";
import { warnOfRange } from "./addresses.ts";
import { keyPairProblem } from "./key-pair.ts";
import { warnOfNodeLabels } from "./node-labels.ts";

export function warnOfSecret(secret: Fields): string[] {
  if (secret["type"] !== "kubernetes.io/tls") return [];
  const [certificate, key] = ["tls.crt", "tls.key"].map((name) =>
    Buffer.from(textAt(secret, "data", name), "base64").toString(),
  );
  const problem = keyPairProblem(certificate ?? "", key ?? "");
  return problem === undefined ? [] : [problem];
}

const mountableSecrets = "kubernetes.io/enforce-mountable-secrets";

export function warnOfServiceAccount(account: Fields, old: Fields | undefined): string[] {
  const has = (one: unknown) => fieldsAt(one, "metadata", "annotations")[mountableSecrets] !== undefined;
  if (!has(account) || (old !== undefined && has(old))) return [];
  const why = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets";
  return [`metadata.annotations[${mountableSecrets}]: ${why}`];
}

export function warnOfNode(node: Fields): string[] {
  const spec = fieldsAt(node, "spec");
  return [
    ...(isFields(spec["configSource"]) ? ["spec.configSource: the feature is removed"] : []),
    ...(textAt(spec, "externalID") === ""
      ? []
      : ["spec.externalID: this field is deprecated, and is unused by Kubernetes"]),
    ...listAt(spec, "podCIDRs").flatMap((range, index) => warnOfRange(`spec.podCIDRs[${index}]`, range)),
  ];
}

export function warnOfRuntimeClass(runtimeClass: Fields): string[] {
  return warnOfNodeLabels(fieldsAt(runtimeClass, "scheduling", "nodeSelector"), () => "scheduling.nodeSelector");
}

/** Formats of text that CRDs may ask for, with hyphens left out. */
const formats = new Set(
  (
    "bsonobjectid uri email hostname ipv4 ipv6 cidr mac uuid uuid3 uuid4 uuid5 isbn isbn10 isbn13 creditcard ssn hexcolor " +
    "rgbcolor byte password date duration datetime"
  ).split(" "),
);

/** Formats that mean nothing, unless they were there before. */
export function warnOfDefinition(definition: Fields, old: Fields | undefined): string[] {
  const before = new Set(old === undefined ? [] : unknownFormats(old));
  return unknownFormats(definition)
    .filter((format) => !before.has(format))
    .map((format) => `unrecognized format ${quoteGo(format)}`);
}

function unknownFormats(definition: Fields): string[] {
  return itemsAt(definition, "spec", "versions").flatMap((version) =>
    formatsIn(fieldsAt(version, "schema", "openAPIV3Schema")).filter(
      (format) => !formats.has(format.replaceAll("-", "")),
    ),
  );
}

/** The formats of all texts in a schema, from the outside in. */
function formatsIn(schema: unknown): string[] {
  if (!isFields(schema)) return [];
  const own = schema["type"] === "string" && textAt(schema, "format") !== "" ? [textAt(schema, "format")] : [];
  const inner = [
    ...["items", "not", "additionalProperties", "additionalItems"].map((field) => schema[field]),
    ...["allOf", "oneOf", "anyOf"].flatMap((field) => listAt(schema, field)),
    ...listAt(schema, "items"),
    ...["properties", "patternProperties", "definitions", "dependencies"].flatMap((field) =>
      Object.values(fieldsAt(schema, field)),
    ),
  ];
  return [...own, ...inner.flatMap(formatsIn)];
}
