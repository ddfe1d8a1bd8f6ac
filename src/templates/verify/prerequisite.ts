import { isFields, itemsAt, parseYaml, textAt, valueAt, YamlError } from "../../apimachinery/index.ts";
import { SourceError } from "../definition.ts";

/** What must be in a cluster: cnoe-cli's `Prerequisite`. */
export type Prerequisite = {
  apiVersion: string;
  kind: string;
  name: string;
  crds: RequiredCrd[];
  pods: RequiredPod[];
};

/** `kind` may be the kind, its singular or its plural, in any case. */
export type RequiredCrd = { group: string; version: string; kind: string };

/** Every pod whose name contains `name`, in one namespace or, when that is empty, in all; `state` may be empty. */
export type RequiredPod = { name: string; namespace: string; state: string };

/**
 * Reads the first document of a file with a Prerequisite. What kind it is, is for {@link judgePrerequisites} to say.
 *
 * @throws {SourceError} for what is no YAML, or no object
 */
export function readPrerequisite(text: string, file: string): Prerequisite {
  const value = parsed(text, file);
  if (!isFields(value)) throw new SourceError("it is no object with apiVersion and kind", { file });
  for (const list of ["crds", "pods"]) {
    const found = valueAt(value, "spec", list) ?? [];
    if (!Array.isArray(found) || !found.every(isFields))
      throw new SourceError(`spec.${list} must be a list of objects`, { file });
  }
  return {
    apiVersion: textAt(value, "apiVersion"),
    kind: textAt(value, "kind"),
    name: textAt(value, "metadata", "name"),
    crds: itemsAt(value, "spec", "crds").map((crd) => ({
      group: textAt(crd, "group"),
      version: textAt(crd, "version"),
      kind: textAt(crd, "kind"),
    })),
    pods: itemsAt(value, "spec", "pods").map((pod) => ({
      name: textAt(pod, "name"),
      namespace: textAt(pod, "namespace"),
      state: textAt(pod, "state"),
    })),
  };
}

function parsed(text: string, file: string): unknown {
  try {
    return parseYaml(text, { file });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const { line, column } = error;
    const why = error.message.slice(`${file}:${line}:${column}: `.length);
    throw new SourceError(why, { file, line, column }, { cause: error });
  }
}

const spark = { group: "sparkoperator.k8s.io", version: "v1beta2" };

/** Those that cnoe-cli has built in; `bad-spark` asks for what no cluster has. */
const builtin: Prerequisite[] = [
  {
    apiVersion: "cnoe.io/v1alpha1",
    kind: "Prerequisite",
    name: "ack-s3",
    pods: [{ name: "ack-release-s3", namespace: "ack-system", state: "" }],
    crds: [
      { group: "s3.services.k8s.aws", version: "v1alpha1", kind: "Buckets" },
      { group: "acme.cert-manager.io", version: "v1", kind: "Challenges" },
      { group: "services.k8s.aws", version: "v1alpha1", kind: "AdoptedResources" },
      { group: "services.k8s.aws", version: "v1alpha1", kind: "FieldExports" },
      { group: "vpcresources.k8s.aws", version: "v1beta1", kind: "SecurityGroupPolicies" },
    ],
  },
  {
    apiVersion: "cnoe.io/v1alpha1",
    kind: "Prerequisite",
    name: "spark",
    pods: [{ name: "spark-operator", namespace: "", state: "" }],
    crds: [
      { ...spark, kind: "SparkApplications" },
      { ...spark, kind: "ScheduledSparkApplications" },
    ],
  },
  {
    apiVersion: "cnoe.io/v1alpha1",
    kind: "Prerequisite",
    name: "bad-spark",
    pods: [{ name: "sprk-operator", namespace: "", state: "" }],
    crds: [{ ...spark, version: "v2beta2", kind: "SparkApplication" }],
  },
];

/** One of the prerequisites that need no file, by its name: `ack-s3`, `spark` or `bad-spark`. */
export function builtinPrerequisite(name: string): Prerequisite | undefined {
  return builtin.find((prerequisite) => prerequisite.name === name);
}
