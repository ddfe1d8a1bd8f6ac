import { type Fields, isFields, itemsAt, textsAt, valueAt } from "../../../apimachinery/index.ts";
import { badSeccomp, type Check, isBadSeccomp } from "./baseline.ts";
import {
  containers,
  containersOf,
  isWindows,
  nameOf,
  type PodParts,
  plural,
  quoted,
  settersOf,
  sorted,
  type Violation,
} from "./pod.ts";

/**
 * What the level `restricted` asks for beyond `baseline`, in the order of Kubernetes' names for the checks; each with the version
 * from which on there is such a check, and the check of `baseline` that it makes unnecessary.
 */
export const restrictedChecks: Readonly<Record<string, { since: number; instead?: string; check: Check }>> = {
  allowPrivilegeEscalation: { since: 8, check: checkEscalation },
  capabilities_restricted: { since: 22, instead: "capabilities_baseline", check: checkCapabilities },
  restrictedVolumes: { since: 0, instead: "hostPathVolumes", check: checkVolumes },
  runAsNonRoot: { since: 0, check: checkNonRoot },
  runAsUser: { since: 23, check: checkUser },
  seccompProfile_restricted: { since: 19, instead: "seccompProfile_baseline", check: checkSeccomp },
};

/** Since 1.25 pods for Windows need not say what has no meaning there. */
const windowsSince = 25;

function checkEscalation(pod: PodParts, version: number): Violation | undefined {
  if (version >= windowsSince && isWindows(pod)) return undefined;
  const bad = containersOf(pod).filter(
    (container) => valueAt(container, "securityContext", "allowPrivilegeEscalation") !== false,
  );
  if (bad.length === 0) return undefined;
  const detail = `${containers(bad.map(nameOf))} must set securityContext.allowPrivilegeEscalation=false`;
  return { reason: "allowPrivilegeEscalation != false", detail };
}

function checkCapabilities(pod: PodParts, version: number): Violation | undefined {
  if (version >= windowsSince && isWindows(pod)) return undefined;
  const capabilities = (container: Fields, list: string) => textsAt(container, "securityContext", "capabilities", list);
  const added = (container: Fields) => capabilities(container, "add").filter((name) => name !== "NET_BIND_SERVICE");
  const keeping = containersOf(pod).filter((container) => !capabilities(container, "drop").includes("ALL"));
  const adding = containersOf(pod).filter((container) => added(container).length > 0);
  const details = [];
  if (keeping.length > 0)
    details.push(`${containers(keeping.map(nameOf))} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const what = quoted(sorted(adding.flatMap(added)));
    details.push(`${containers(adding.map(nameOf))} must not include ${what} in securityContext.capabilities.add`);
  }
  return details.length === 0 ? undefined : { reason: "unrestricted capabilities", detail: details.join("; ") };
}

const allowedVolumes = [
  ...["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"],
  ...["persistentVolumeClaim", "projected", "secret"],
];

function checkVolumes({ spec }: PodParts): Violation | undefined {
  const has = (volume: Fields, kind: string) => isFields(volume[kind]);
  const bad = itemsAt(spec, "volumes").filter((volume) => !allowedVolumes.some((kind) => has(volume, kind)));
  if (bad.length === 0) return undefined;
  const kindOf = (volume: Fields) => Object.keys(volume).find((kind) => has(volume, kind)) ?? "unknown";
  const kinds = sorted(bad.map(kindOf));
  const use = bad.length === 1 ? "uses" : "use";
  const who = `${plural("volume", bad.length)} ${quoted(bad.map(nameOf))}`;
  return {
    reason: "restricted volume types",
    detail: `${who} ${use} ${plural("restricted volume type", kinds.length)} ${quoted(kinds)}`,
  };
}

function checkNonRoot(pod: PodParts): Violation | undefined {
  const reason = "runAsNonRoot != true";
  const { setters } = settersOf(pod, ["runAsNonRoot"], (value) => value === false);
  if (setters.length > 0)
    return { reason, detail: `${setters.join(" and ")} must not set securityContext.runAsNonRoot=false` };
  if (valueAt(pod.spec, "securityContext", "runAsNonRoot") === true) return undefined;
  const silent = containersOf(pod).filter(
    (container) => valueAt(container, "securityContext", "runAsNonRoot") === undefined,
  );
  if (silent.length === 0) return undefined;
  return { reason, detail: `pod or ${containers(silent.map(nameOf))} must set securityContext.runAsNonRoot=true` };
}

function checkUser(pod: PodParts): Violation | undefined {
  const { setters } = settersOf(pod, ["runAsUser"], (value) => value === 0);
  if (setters.length === 0) return undefined;
  return { reason: "runAsUser=0", detail: `${setters.join(" and ")} must not set runAsUser=0` };
}

function checkSeccomp(pod: PodParts, version: number): Violation | undefined {
  if (version >= windowsSince && isWindows(pod)) return undefined;
  const { setters, values } = settersOf(pod, ["seccompProfile"], isBadSeccomp);
  if (setters.length > 0) return badSeccomp(setters, values);
  const isSet = (fields: Fields) => valueAt(fields, "securityContext", "seccompProfile") !== undefined;
  const silent = containersOf(pod).filter((container) => !isSet(container));
  if (isSet(pod.spec) || silent.length === 0) return undefined;
  const must = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return { reason: "seccompProfile", detail: `pod or ${containers(silent.map(nameOf))} ${must}` };
}
