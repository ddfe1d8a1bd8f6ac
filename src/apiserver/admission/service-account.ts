import {
  type Fields,
  fieldsAt,
  generateName,
  isFields,
  itemsAt,
  type KubeObject,
  listAt,
  textAt,
  valueAt,
} from "../../apimachinery/index.ts";
import { sleep } from "../../lib/index.ts";
import type { Server } from "../server.ts";
import { type Admission, type Attempt, refused } from "./admit.ts";
import { objectAt } from "./lookup.ts";

/**
 * Gives pods an account: `default` unless they name one, its image pull secrets, and a volume with its token in every
 * container. The account must be there. https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#serviceaccount
 */
export const serviceAccount: Admission = { mutate: admit, validate };

const defaultAccount = "default";
const mirrorAnnotation = "kubernetes.io/config.mirror";
const mountableAnnotation = "kubernetes.io/enforce-mountable-secrets";
const volumePrefix = "kube-api-access-";
const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
/** An hour and seven seconds, by which the API server knows that it was this plug-in that asked (KEP-1205). */
const tokenLifeSeconds = 3607;

function admit(server: Server, attempt: Attempt): void | Promise<void> {
  const { operation, subresource, object } = attempt;
  // A pod that mirrors one of its node's own is as the node has it.
  if (!isPod(attempt) || object === undefined || operation !== "CREATE" || subresource !== "" || isMirror(object))
    return;
  const spec = fieldsAt(object, "spec");
  const name = textAt(spec, "serviceAccountName") || defaultAccount;
  const found = findAccount(server, attempt, name);
  return found instanceof Promise ? found.then((account) => complete(account)) : complete(found);

  function complete(account: Readonly<KubeObject>): void {
    spec["serviceAccountName"] = name;
    spec["serviceAccount"] = name;
    if (isAutomounted(account, spec)) mountToken(spec, server.random);
    if (listAt(spec, "imagePullSecrets").length > 0) return;
    const secrets = itemsAt(account, "imagePullSecrets");
    if (secrets.length > 0) spec["imagePullSecrets"] = secrets.map((secret) => ({ name: textAt(secret, "name") }));
  }
}

function validate(server: Server, attempt: Attempt): void | Promise<void> {
  const { operation, subresource, object } = attempt;
  if (!isPod(attempt) || object === undefined) return;
  const isDebugging = operation === "UPDATE" && subresource === "ephemeralcontainers";
  if (!isDebugging && (operation !== "CREATE" || subresource !== "")) return;
  if (isMirror(object) && !isDebugging) return checkMirror(attempt, object);
  const name = textAt(object, "spec", "serviceAccountName");
  if (name === "") {
    throw refused(attempt, `no service account specified for pod ${attempt.namespace}/${object.metadata.name ?? ""}`);
  }
  const check = (account: Readonly<KubeObject>) => {
    if (!parseGoBool(account.metadata.annotations?.[mountableAnnotation])) return;
    const why = isDebugging ? forbiddenInEphemeral(account, object) : forbiddenSecret(account, object);
    if (why !== undefined) throw refused(attempt, why);
  };
  const found = findAccount(server, attempt, name);
  return found instanceof Promise ? found.then(check) : check(found);
}

function isPod({ resource }: Attempt): boolean {
  return resource.storageName === "pods";
}

function isMirror({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[mirrorAnnotation] !== undefined;
}

/** How often and for how long the account `default`, which a controller makes, is waited for; as in Kubernetes. */
const lookUpsMax = 10;
const lookUpIntervalMs = { min: 100, max: 200 };

/** @throws {StatusError} `Forbidden` when there is no such account */
function findAccount(
  server: Server,
  attempt: Attempt,
  name: string,
): Readonly<KubeObject> | Promise<Readonly<KubeObject>> {
  const { namespace } = attempt;
  const absent = `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`;
  const look = () => objectAt(server, "serviceaccounts", { namespace, name });
  const account = look();
  if (account !== undefined) return account;
  if (name !== defaultAccount) throw refused(attempt, absent);
  const waiting = async () => {
    const { min, max } = lookUpIntervalMs;
    for (let lookUp = 1; lookUp < lookUpsMax; lookUp++) {
      await sleep(min + server.random() * (max - min));
      const late = look();
      if (late !== undefined) return late;
    }
    throw refused(attempt, absent);
  };
  return waiting();
}

/** The pod's own wish comes first. */
function isAutomounted(account: Readonly<KubeObject>, spec: Fields): boolean {
  const wish = spec["automountServiceAccountToken"] ?? account["automountServiceAccountToken"];
  return typeof wish === "boolean" ? wish : true;
}

function mountToken(spec: Fields, random: () => number): void {
  const existing = itemsAt(spec, "volumes").find((volume) => textAt(volume, "name").startsWith(volumePrefix));
  const name = existing === undefined ? generateName(volumePrefix, random) : textAt(existing, "name");
  let needed = false;
  for (const field of ["initContainers", "containers"]) {
    for (const container of itemsAt(spec, field)) {
      const mounts = listAt(container, "volumeMounts");
      if (mounts.some((mount) => textAt(mount, "mountPath") === mountPath)) continue;
      container["volumeMounts"] = [...mounts, { name, readOnly: true, mountPath }];
      needed = true;
    }
  }
  if (needed && existing === undefined)
    spec["volumes"] = [...listAt(spec, "volumes"), { name, projected: tokenVolume() }];
}

function tokenVolume(): Fields {
  const namespace = { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } };
  return {
    sources: [
      { serviceAccountToken: { expirationSeconds: tokenLifeSeconds, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      { downwardAPI: { items: [namespace] } },
    ],
    defaultMode: 420,
  };
}

function checkMirror(attempt: Attempt, pod: KubeObject): void {
  if (textAt(pod, "spec", "serviceAccountName") !== "") {
    throw refused(attempt, "a mirror pod may not reference service accounts");
  }
  if (namesSecret(pod)) throw refused(attempt, "a mirror pod may not reference secrets");
  const projections = itemsAt(pod, "spec", "volumes").flatMap((volume) => itemsAt(volume, "projected", "sources"));
  if (projections.some((source) => isFields(source["serviceAccountToken"]))) {
    throw refused(attempt, "a mirror pod may not use ServiceAccountToken volume projections");
  }
}

/** Where kinds of volumes name a Secret: the text itself, or an object with its name. */
const secretsOfVolumes: readonly (readonly string[])[] = [
  ["azureFile", "secretName"],
  ["cephfs", "secretRef", "name"],
  ["cinder", "secretRef", "name"],
  ["csi", "nodePublishSecretRef", "name"],
  ["flexVolume", "secretRef", "name"],
  ["iscsi", "secretRef", "name"],
  ["rbd", "secretRef", "name"],
  ["scaleIO", "secretRef", "name"],
  ["secret", "secretName"],
  ["storageos", "secretRef", "name"],
];

function namesSecret(pod: KubeObject): boolean {
  const spec = fieldsAt(pod, "spec");
  if (itemsAt(spec, "imagePullSecrets").some((secret) => textAt(secret, "name") !== "")) return true;
  const containers = ["initContainers", "containers", "ephemeralContainers"].flatMap((field) => itemsAt(spec, field));
  if (containers.some((container) => secretsIn(container).length > 0)) return true;
  return itemsAt(spec, "volumes").some(
    (volume) =>
      secretsOfVolumes.some((path) => textAt(volume, ...path) !== "") ||
      itemsAt(volume, "projected", "sources").some((source) => textAt(source, "secret", "name") !== ""),
  );
}

/** The Secrets whose keys are a container's environment; `variable` is absent where it is all keys. */
function secretsIn(container: Fields): { name: string; variable?: string }[] {
  const single = itemsAt(container, "env").flatMap((variable) => {
    const reference = valueAt(variable, "valueFrom", "secretKeyRef");
    return isFields(reference) ? [{ name: textAt(reference, "name"), variable: textAt(variable, "name") }] : [];
  });
  const whole = itemsAt(container, "envFrom").flatMap((source) => {
    const reference = source["secretRef"];
    return isFields(reference) ? [{ name: textAt(reference, "name") }] : [];
  });
  return [...single, ...whole];
}

/** Why a pod may not use a Secret that its account does not list. */
function forbiddenSecret(account: Readonly<KubeObject>, pod: KubeObject): string | undefined {
  const spec = fieldsAt(pod, "spec");
  const mountable = namesIn(account, "secrets");
  const owner = account.metadata.name ?? "";
  for (const volume of itemsAt(spec, "volumes")) {
    if (!isFields(volume["secret"])) continue;
    const name = textAt(volume, "secret", "secretName");
    if (!mountable.has(name)) return `volume with secret.secretName="${name}" ${notListed(owner, "secret")}`;
  }
  const why =
    forbiddenIn(itemsAt(spec, "initContainers"), "init container", mountable, owner) ??
    forbiddenIn(itemsAt(spec, "containers"), "container", mountable, owner);
  if (why !== undefined) return why;
  const pullable = namesIn(account, "imagePullSecrets");
  for (const [index, secret] of itemsAt(spec, "imagePullSecrets").entries()) {
    const name = textAt(secret, "name");
    if (!pullable.has(name)) return `imagePullSecrets[${index}].name="${name}" ${notListed(owner, "imagePullSecret")}`;
  }
  return undefined;
}

function forbiddenInEphemeral(account: Readonly<KubeObject>, pod: KubeObject): string | undefined {
  const containers = itemsAt(pod, "spec", "ephemeralContainers");
  return forbiddenIn(containers, "ephemeral container", namesIn(account, "secrets"), account.metadata.name ?? "");
}

function forbiddenIn(
  containers: readonly Fields[],
  what: string,
  mountable: ReadonlySet<string>,
  owner: string,
): string | undefined {
  for (const container of containers) {
    for (const { name, variable } of secretsIn(container)) {
      if (mountable.has(name)) continue;
      const where = variable === undefined ? "envFrom" : `envVar ${variable}`;
      const subject = `${what} ${textAt(container, "name")} with ${where} referencing secret.secretName="${name}"`;
      return `${subject} ${notListed(owner, "secret")}`;
    }
  }
  return undefined;
}

function notListed(owner: string, what: string): string {
  return `is not allowed because service account ${owner} does not reference that ${what}`;
}

function namesIn(account: Readonly<KubeObject>, field: string): ReadonlySet<string> {
  return new Set(itemsAt(account, field).map((item) => textAt(item, "name")));
}

/** The texts that Go's `strconv.ParseBool` takes for true. */
function parseGoBool(text: string | undefined): boolean {
  return text !== undefined && ["1", "t", "T", "true", "TRUE", "True"].includes(text);
}
