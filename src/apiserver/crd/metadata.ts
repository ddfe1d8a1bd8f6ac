import {
  forbiddenValue,
  invalidValue,
  type ObjectMeta,
  requiredValue,
  type StatusCause,
  tooLong,
  validateLabel,
  validateLabelValue,
  validateQualifiedName,
  validateSubdomain,
} from "../../apimachinery/index.ts";

/** All annotations together, keys and values; as in Kubernetes (`TotalAnnotationSizeLimitB`). */
const annotationsBytesMax = 256 * 1024;

/** Checks the metadata of a custom resource as Kubernetes checks that of every object. */
export function validateMetadata(metadata: ObjectMeta, { namespaced }: { namespaced: boolean }): StatusCause[] {
  const { name = "", generateName = "", namespace = "" } = metadata;
  const problems = (field: string, value: unknown, texts: readonly string[]) =>
    texts.map((text) => invalidValue(`metadata.${field}`, value, text));
  return [
    // What follows the prefix makes a trailing dash valid.
    ...(generateName === ""
      ? []
      : problems("generateName", generateName, validateSubdomain(generateName.replace(/-$/, "a")))),
    ...(name === ""
      ? [requiredValue("metadata.name", "name or generateName is required")]
      : problems("name", name, validateSubdomain(name))),
    ...(namespaced ? problems("namespace", namespace, validateLabel(namespace)) : []),
    ...Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => [
      ...problems("labels", key, validateQualifiedName(key)),
      ...problems("labels", value, validateLabelValue(value)),
    ]),
    ...annotationCauses(metadata),
    ...ownerCauses(metadata),
    ...(metadata.finalizers ?? []).flatMap((finalizer) =>
      problems("finalizers", finalizer, validateQualifiedName(finalizer)),
    ),
    ...finalizerPairCauses(metadata),
  ];
}

function annotationCauses({ annotations = {} }: ObjectMeta): StatusCause[] {
  let sizeBytes = 0;
  const causes: StatusCause[] = [];
  for (const [key, value] of Object.entries(annotations)) {
    sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    for (const text of validateQualifiedName(key.toLowerCase()))
      causes.push(invalidValue("metadata.annotations", key, text));
  }
  if (sizeBytes > annotationsBytesMax) causes.push(tooLong("metadata.annotations", annotationsBytesMax));
  return causes;
}

function ownerCauses({ ownerReferences = [] }: ObjectMeta): StatusCause[] {
  const causes = ownerReferences.flatMap((owner, index) => {
    const path = `metadata.ownerReferences[${index}]`;
    const empty = (["kind", "name", "uid"] as const).filter((field) => !owner[field]);
    return [
      ...(owner.apiVersion
        ? []
        : [invalidValue(`${path}.apiVersion`, owner.apiVersion ?? "", "version must not be empty")]),
      ...empty.map((field) => invalidValue(`${path}.${field}`, "", "must not be empty")),
    ];
  });
  const [first, second] = ownerReferences.filter(({ controller }) => controller === true);
  if (first !== undefined && second !== undefined) {
    const why = `Only one reference can have Controller set to true. Found "true" in references for ${first.name} and ${second.name}`;
    causes.push(invalidValue("metadata.ownerReferences", ownerReferences, why));
  }
  return causes;
}

function finalizerPairCauses({ finalizers = [] }: ObjectMeta): StatusCause[] {
  if (!finalizers.includes("orphan") || !finalizers.includes("foregroundDeletion")) return [];
  const why = "finalizer orphan and foregroundDeletion cannot be both set";
  return [invalidValue("metadata.finalizers", finalizers, why)];
}

/** An object that is being deleted gets no new finalizers. */
export function validateFinalizersUpdate({ finalizers = [] }: ObjectMeta, live: ObjectMeta): StatusCause[] {
  const added = finalizers.filter((finalizer) => !live.finalizers?.includes(finalizer)).sort();
  if (live.deletionTimestamp === undefined || added.length === 0) return [];
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(", ");
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  return [forbiddenValue("metadata.finalizers", why)];
}
