import { type Fields, fieldsAt, isFields, itemsAt, textAt } from "../../../apimachinery/index.ts";
import { fill, fillEmpty, isEmpty, makeFields } from "../fields.ts";

/** What only a pod itself gets, not the template of one. */
export function defaultPod(pod: Fields): void {
  const spec = makeFields(pod, "spec");
  for (const container of [...itemsAt(spec, "containers"), ...itemsAt(spec, "initContainers")]) {
    const resources = makeFields(container, "resources");
    if (isFields(resources["limits"])) fillFrom(makeFields(resources, "requests"), resources["limits"]);
  }
  const limits = fieldsAt(spec, "resources", "limits");
  if (!isEmpty(limits)) fillFrom(makeFields(fieldsAt(spec, "resources"), "requests"), limits);
  fill(spec, "enableServiceLinks", true);
  if (spec["hostNetwork"] === true) {
    for (const container of [...itemsAt(spec, "containers"), ...itemsAt(spec, "initContainers")])
      for (const port of itemsAt(container, "ports")) fillEmpty(port, "hostPort", port["containerPort"]);
  }
  defaultPodSpec(spec);
}

/** The pod spec inside a template, as in `deployment.spec`. */
export function defaultTemplate(owner: Fields): void {
  const template = makeFields(owner, "template");
  makeFields(template, "metadata");
  defaultPodSpec(makeFields(template, "spec"));
}

function defaultPodSpec(spec: Fields): void {
  fillEmpty(spec, "dnsPolicy", "ClusterFirst");
  fillEmpty(spec, "restartPolicy", "Always");
  fill(spec, "securityContext", {});
  fill(spec, "terminationGracePeriodSeconds", 30);
  fillEmpty(spec, "schedulerName", "default-scheduler");
  // The old name of the field is kept equal to the new one.
  fillEmpty(spec, "serviceAccountName", spec["serviceAccount"]);
  if (isEmpty(spec["serviceAccountName"])) delete spec["serviceAccountName"];
  else spec["serviceAccount"] = spec["serviceAccountName"];
  for (const field of ["containers", "initContainers", "ephemeralContainers"])
    for (const container of itemsAt(spec, field)) defaultContainer(container);
  for (const volume of itemsAt(spec, "volumes")) defaultVolume(volume);
}

function defaultContainer(container: Fields): void {
  fillEmpty(container, "imagePullPolicy", pullPolicyOf(textAt(container, "image")));
  fillEmpty(container, "terminationMessagePath", "/dev/termination-log");
  fillEmpty(container, "terminationMessagePolicy", "File");
  makeFields(container, "resources");
  for (const port of itemsAt(container, "ports")) fillEmpty(port, "protocol", "TCP");
  for (const variable of itemsAt(container, "env")) {
    defaultFieldRef(fieldsAt(variable, "valueFrom"));
  }
  for (const field of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const probe = container[field];
    if (!isFields(probe)) continue;
    fillEmpty(probe, "timeoutSeconds", 1);
    fillEmpty(probe, "periodSeconds", 10);
    fillEmpty(probe, "successThreshold", 1);
    fillEmpty(probe, "failureThreshold", 3);
    defaultHttpGet(probe);
    if (isFields(probe["grpc"])) fill(probe["grpc"], "service", "");
  }
  for (const moment of ["postStart", "preStop"]) defaultHttpGet(fieldsAt(container, "lifecycle", moment));
}

const pathPart = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const imagePattern = new RegExp(
  `^(?:[A-Za-z0-9.-]+(?::\\d+)?/)?${pathPart}(?:/${pathPart})*(?::\\w[\\w.-]{0,127})?(?:@[A-Za-z][\\w+.-]*:[0-9a-fA-F]{32,})?$`,
);
const imageLengthMax = 255 + 128 + 200;

/** The newest image is pulled each time when nothing says which one is meant. What is no name of an image has no tag. */
function pullPolicyOf(image: string): string {
  if (image.length > imageLengthMax || !imagePattern.test(image)) return "IfNotPresent";
  const name = image.slice(image.lastIndexOf("/") + 1);
  const [withTag = "", digest] = name.split("@");
  const tag = withTag.includes(":") ? withTag.slice(withTag.indexOf(":") + 1) : digest === undefined ? "latest" : "";
  return tag === "latest" ? "Always" : "IfNotPresent";
}

function defaultHttpGet(handler: Fields): void {
  const get = handler["httpGet"];
  if (!isFields(get)) return;
  fillEmpty(get, "path", "/");
  fillEmpty(get, "scheme", "HTTP");
}

function defaultFieldRef(source: Fields): void {
  if (isFields(source["fieldRef"])) fillEmpty(source["fieldRef"], "apiVersion", "v1");
}

/** Mode of files that name none: 0644. */
const fileMode = 0o644;

function defaultVolume(volume: Fields): void {
  if (Object.entries(volume).every(([field, value]) => field === "name" || value === null)) volume["emptyDir"] = {};
  for (const field of ["secret", "configMap", "downwardAPI", "projected"]) {
    const source = volume[field];
    if (isFields(source)) fill(source, "defaultMode", fileMode);
  }
  for (const item of itemsAt(volume, "downwardAPI", "items")) defaultFieldRef(item);
  for (const source of itemsAt(volume, "projected", "sources")) {
    for (const item of itemsAt(source, "downwardAPI", "items")) defaultFieldRef(item);
    if (isFields(source["serviceAccountToken"])) fill(source["serviceAccountToken"], "expirationSeconds", 3600);
  }
  const claim = volume["ephemeral"];
  if (isFields(claim) && isFields(claim["volumeClaimTemplate"]))
    fill(makeFields(claim["volumeClaimTemplate"], "spec"), "volumeMode", "Filesystem");
  defaultVolumeSource(volume);
}

/** The sources that a volume and a persistent volume have in common. */
export function defaultVolumeSource(source: Fields): void {
  const { hostPath, iscsi, rbd, azureDisk, scaleIO } = source;
  if (isFields(hostPath)) fill(hostPath, "type", "");
  if (isFields(iscsi)) fillEmpty(iscsi, "iscsiInterface", "default");
  if (isFields(rbd)) {
    fillEmpty(rbd, "pool", "rbd");
    fillEmpty(rbd, "user", "admin");
    fillEmpty(rbd, "keyring", "/etc/ceph/keyring");
  }
  if (isFields(azureDisk)) {
    fill(azureDisk, "cachingMode", "ReadWrite");
    fill(azureDisk, "kind", "Shared");
    fill(azureDisk, "fsType", "ext4");
    fill(azureDisk, "readOnly", false);
  }
  if (isFields(scaleIO)) {
    fillEmpty(scaleIO, "storageMode", "ThinProvisioned");
    fillEmpty(scaleIO, "fsType", "xfs");
  }
}

function fillFrom(target: Fields, source: Fields): void {
  for (const [name, value] of Object.entries(source)) fill(target, name, value);
}
