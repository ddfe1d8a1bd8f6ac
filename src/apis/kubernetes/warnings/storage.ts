import { type Fields, fieldsAt, isFields, itemsAt, textAt } from "../../../apimachinery/index.ts";
import { labelWarning, warnOfNodeSelector, warnOfNodeTerm } from "./node-labels.ts";
import { fractionalBytes } from "./quantities.ts";

const betaClass = "volume.beta.kubernetes.io/storage-class";
const betaMount = "volume.beta.kubernetes.io/mount-options";
const useClass = 'deprecated since v1.8; use "storageClassName" attribute instead';

const deprecatedVolumes: readonly (readonly [field: string, message: string])[] = [
  ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["storageos", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

export function warnOfVolume(volume: Fields): string[] {
  const annotations = fieldsAt(volume, "metadata", "annotations");
  const spec = fieldsAt(volume, "spec");
  const warnings = [
    [betaClass, useClass],
    [betaMount, 'deprecated since v1.31; use "mountOptions" attribute instead'],
  ].flatMap(([key = "", message]) =>
    annotations[key] === undefined ? [] : [`metadata.annotations[${key}]: ${message}`],
  );
  if (spec["persistentVolumeReclaimPolicy"] === "Recycle")
    warnings.push(
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    );
  const terms = itemsAt(spec, "nodeAffinity", "required", "nodeSelectorTerms").flatMap((term, index) =>
    warnOfNodeTerm(`spec.nodeAffinity.required.nodeSelectorTerms[${index}]`, term, false),
  );
  const sources = deprecatedVolumes.flatMap(([field, message]) =>
    isFields(spec[field]) ? [`spec.${field === "storageos" ? "storageOS" : field}: ${message}`] : [],
  );
  return [...warnings, ...terms, ...sources];
}

export function warnOfClaim(claim: Fields): string[] {
  const isBeta = fieldsAt(claim, "metadata", "annotations")[betaClass] !== undefined;
  return [
    ...(isBeta ? [`metadata.annotations[${betaClass}]: ${useClass}`] : []),
    ...warnOfClaimSpec("spec", fieldsAt(claim, "spec")),
  ];
}

export function warnOfClaimSpec(path: string, spec: Fields): string[] {
  return ["requests", "limits"].flatMap((field) =>
    fractionalBytes(`${path}.resources.${field}`, fieldsAt(spec, "resources", field), ["storage"]),
  );
}

export function warnOfStorageClass(storageClass: Fields): string[] {
  return itemsAt(storageClass, "allowedTopologies").flatMap((topology, index) =>
    itemsAt(topology, "matchLabelExpressions").flatMap((expression, position) => {
      const message = labelWarning(textAt(expression, "key"));
      const at = `allowedTopologies[${index}].matchLabelExpressions[${position}].key`;
      return message === undefined ? [] : [`${at}: ${message}`];
    }),
  );
}

export function warnOfStorageCapacity(capacity: Fields): string[] {
  return warnOfNodeSelector("nodeTopology", capacity["nodeTopology"]);
}
