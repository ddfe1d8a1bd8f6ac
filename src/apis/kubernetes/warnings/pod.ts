import {
  type Fields,
  fieldsAt,
  isFields,
  itemsAt,
  listAt,
  numberAt,
  quoteGo,
  textAt,
} from "../../../apimachinery/index.ts";
import { isEmpty } from "../fields.ts";
import { warnOfAddress } from "./addresses.ts";
import { containersOf, warnOfContainer, warnOfPorts, warnOfProfiles } from "./containers.ts";
import { labelWarning, warnOfNodeLabels, warnOfNodeTerm } from "./node-labels.ts";
import { fractionalBytes } from "./quantities.ts";
import { warnOfVolumes } from "./volumes.ts";

const useSysctls = 'non-functional in v1.11+; use the "sysctls" field instead';
const deprecatedAnnotations: readonly (readonly [key: string, message: string])[] = [
  ["scheduler.alpha.kubernetes.io/critical-pod", 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ["security.alpha.kubernetes.io/sysctls", useSysctls],
  ["security.alpha.kubernetes.io/unsafe-sysctls", useSysctls],
];
const seccompPod = "seccomp.security.alpha.kubernetes.io/pod";
const required = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
const nullSelector = "a null labelSelector results in matching no pod";

/**
 * What is odd about a pod or a template of pods, in the words and the order of Kubernetes.
 *
 * @param path of a template; empty for a pod itself
 */
export function warnOfPod(path: string, pod: Fields): string[] {
  const under = (field: string) => (path === "" ? field : `${path}.${field}`);
  const [spec, annotations] = [fieldsAt(pod, "spec"), fieldsAt(pod, "metadata", "annotations")];
  const specPath = under("spec");
  const annotationsPath = under("metadata.annotations");
  const containers = containersOf(specPath, spec);
  const security = fieldsAt(spec, "securityContext");
  const profiles = { annotations, annotationsPath, appArmor: security["appArmorProfile"] };
  const isOldSeccomp = isEmpty(security["seccompProfile"]) && annotations[seccompPod] !== undefined;
  return [
    ...warnOfNodeLabels(fieldsAt(spec, "nodeSelector"), (label) => `${specPath}.nodeSelector[${label}]`),
    ...warnOfNodeAffinity(`${specPath}.affinity.nodeAffinity`, fieldsAt(spec, "affinity", "nodeAffinity")),
    ...warnOfSpread(specPath, spec),
    ...deprecatedAnnotations.flatMap(([key, message]) =>
      annotations[key] === undefined ? [] : [`${annotationsPath}[${key}]: ${message}`],
    ),
    ...warnOfVolumes(specPath, spec),
    ...warnOfRepeated(`${specPath}.hostAliases`, itemsAt(spec, "hostAliases"), "ip"),
    ...warnOfRepeated(`${specPath}.imagePullSecrets`, itemsAt(spec, "imagePullSecrets"), "name"),
    ...itemsAt(spec, "imagePullSecrets").flatMap((secret, index) =>
      textAt(secret, "name") === "" ? [`${specPath}.imagePullSecrets[${index}].name: invalid empty name ""`] : [],
    ),
    ...fractionalBytes(`${specPath}.overhead`, fieldsAt(spec, "overhead"), ["memory", "ephemeral-storage"]),
    ...(isOldSeccomp
      ? [`${annotationsPath}[${seccompPod}]: non-functional in v1.27+; use the "seccompProfile" field instead`]
      : []),
    ...containers.flatMap((one) => [...warnOfProfiles(one, profiles), ...warnOfContainer(one)]),
    ...warnOfPorts(containers),
    ...(numberAt(spec, ["terminationGracePeriodSeconds"]) < 0
      ? [
          `${specPath}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...["podAffinity", "podAntiAffinity"].flatMap((field) =>
      warnOfPodAffinity(`${specPath}.affinity.${field}`, fieldsAt(spec, "affinity", field)),
    ),
    ...listAt(spec, "dnsConfig", "nameservers").flatMap((address, index) =>
      warnOfAddress(`${specPath}.dnsConfig.nameservers[${index}]`, address),
    ),
    ...itemsAt(spec, "hostAliases").flatMap(({ ip }, index) =>
      warnOfAddress(`${specPath}.hostAliases[${index}].ip`, ip),
    ),
  ];
}

function warnOfNodeAffinity(path: string, affinity: Fields): string[] {
  return [
    ...itemsAt(affinity, required, "nodeSelectorTerms").flatMap((term, index) =>
      warnOfNodeTerm(`${path}.${required}.nodeSelectorTerms[${index}]`, term, false),
    ),
    ...itemsAt(affinity, preferred).flatMap((term, index) =>
      warnOfNodeTerm(`${path}.${preferred}[${index}].preference`, term["preference"], true),
    ),
  ];
}

function warnOfSpread(path: string, spec: Fields): string[] {
  return itemsAt(spec, "topologySpreadConstraints").flatMap((constraint, index) => {
    const at = `${path}.topologySpreadConstraints[${index}]`;
    const key = textAt(constraint, "topologyKey");
    const message = labelWarning(key);
    return [
      ...(message === undefined ? [] : [`${at}.topologyKey: ${key} is ${message}`]),
      ...(isFields(constraint["labelSelector"]) ? [] : [`${at}.labelSelector: ${nullSelector}`]),
    ];
  });
}

function warnOfPodAffinity(path: string, affinity: Fields): string[] {
  const isNull = (term: unknown) => !isFields(fieldsAt({ term }, "term")["labelSelector"]);
  return [
    ...itemsAt(affinity, required).flatMap((term, index) =>
      isNull(term) ? [`${path}.${required}[${index}].labelSelector: ${nullSelector}`] : [],
    ),
    ...itemsAt(affinity, preferred).flatMap((term, index) =>
      isNull(term["podAffinityTerm"])
        ? [`${path}.${preferred}[${index}].podAffinityTerm.labelSelector: ${nullSelector}`]
        : [],
    ),
  ];
}

function warnOfRepeated(path: string, items: readonly Fields[], field: string): string[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const value = textAt(item, field);
    if (seen.has(value)) return [`${path}[${index}].${field}: duplicate ${field} ${quoteGo(value)}`];
    seen.add(value);
    return [];
  });
}
