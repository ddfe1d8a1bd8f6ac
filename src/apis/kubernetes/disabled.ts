import { type Fields, fieldsAt, isFields, itemsAt, listAt, textAt } from "../../apimachinery/index.ts";
import { isEmpty } from "./fields.ts";
import type { BuiltinResource } from "./resources.ts";
import { kindKey } from "./strategy.ts";

/**
 * Takes away the fields of features that Kubernetes 1.34 has switched off unless somebody switches them on, in place. They are in
 * the API, so that nobody is warned, and are never stored.
 */
export function dropDisabled(resource: Pick<BuiltinResource, "group" | "kind">, object: Fields): void {
  const key = kindKey(resource);
  if (key === "Pod") dropFromPodSpec(fieldsAt(object, "spec"));
  const path = templatePaths[key];
  if (path !== undefined) dropFromPodSpec(fieldsAt(object, ...path, "template", "spec"));
  others[key]?.(fieldsAt(object, "spec"));
}

/** Where the kinds that make pods have the template of them. */
const templatePaths: Readonly<Record<string, readonly string[]>> = {
  PodTemplate: [],
  ReplicationController: ["spec"],
  "apps/DaemonSet": ["spec"],
  "apps/Deployment": ["spec"],
  "apps/ReplicaSet": ["spec"],
  "apps/StatefulSet": ["spec"],
  "batch/CronJob": ["spec", "jobTemplate", "spec"],
  "batch/Job": ["spec"],
};

const others: Readonly<Record<string, (spec: Fields) => void>> = {
  PersistentVolumeClaim: dropForeignSource,
  "apps/StatefulSet": (spec) => {
    delete fieldsAt(spec, "updateStrategy", "rollingUpdate")["maxUnavailable"];
    for (const claim of itemsAt(spec, "volumeClaimTemplates")) dropForeignSource(fieldsAt(claim, "spec"));
  },
  "autoscaling/HorizontalPodAutoscaler": (spec) => {
    for (const direction of ["scaleUp", "scaleDown"]) delete fieldsAt(spec, "behavior", direction)["tolerance"];
  },
  "coordination.k8s.io/Lease": (spec) => {
    delete spec["strategy"];
    delete spec["preferredHolder"];
  },
  "storage.k8s.io/CSIDriver": (spec) => {
    delete spec["nodeAllocatableUpdatePeriodSeconds"];
  },
};

function dropFromPodSpec(spec: Fields): void {
  delete spec["hostnameOverride"];
  dropImageVolumes(spec);
  for (const volume of itemsAt(spec, "volumes")) {
    dropForeignSource(fieldsAt(volume, "ephemeral", "volumeClaimTemplate", "spec"));
    for (const source of itemsAt(volume, "projected", "sources"))
      for (const field of ["clusterTrustBundle", "podCertificate"]) delete source[field];
  }
  for (const container of itemsAt(spec, "containers")) delete container["restartPolicy"];
  // One that goes on beside the main containers says so here, and nothing else may be said.
  for (const container of itemsAt(spec, "initContainers"))
    if (container["restartPolicy"] !== "Always") delete container["restartPolicy"];
  for (const list of ["containers", "initContainers", "ephemeralContainers"])
    for (const container of itemsAt(spec, list)) dropFromContainer(container);
}

function dropFromContainer(container: Fields): void {
  delete container["restartPolicyRules"];
  for (const variable of itemsAt(container, "env")) delete fieldsAt(variable, "valueFrom")["fileKeyRef"];
  const { lifecycle } = container;
  if (!isFields(lifecycle) || lifecycle["stopSignal"] === undefined) return;
  delete lifecycle["stopSignal"];
  if (isEmpty(lifecycle)) delete container["lifecycle"];
}

/** A volume that is an image goes with its mounts. */
function dropImageVolumes(spec: Fields): void {
  const images = new Set(
    itemsAt(spec, "volumes")
      .filter((volume) => isFields(volume["image"]))
      .map((volume) => textAt(volume, "name")),
  );
  if (images.size === 0) return;
  keepItems(spec, "volumes", (volume) => !isFields(volume["image"]));
  for (const list of ["containers", "initContainers", "ephemeralContainers"])
    for (const container of itemsAt(spec, list))
      keepItems(container, "volumeMounts", (mount) => !images.has(textAt(mount, "name")));
}

function keepItems(object: Fields, field: string, isKept: (item: Fields) => boolean): void {
  if (!Array.isArray(object[field])) return;
  const kept = listAt(object, field).filter((item) => !isFields(item) || isKept(item));
  if (kept.length > 0) object[field] = kept;
  else delete object[field];
}

/** A claim is filled from its own namespace alone. */
function dropForeignSource(spec: Fields): void {
  const { dataSourceRef } = spec;
  if (isFields(dataSourceRef) && !isEmpty(dataSourceRef["namespace"])) delete spec["dataSourceRef"];
}
