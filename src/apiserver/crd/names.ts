import { fieldsAt, type KubeObject, listAt, textAt, textsAt, valueAt } from "../../apimachinery/index.ts";
import { type Names, readNames } from "./definition.ts";

type Condition = {
  type: string;
  status: "True" | "False";
  lastTransitionTime: string;
  reason: string;
  message: string;
};

/**
 * Says which names a CRD gets and whether it is served: `status` as the naming, establishing and approval controllers of
 * apiextensions-apiserver leave it.
 *
 * @param crd its current state, with the status it has had so far
 * @param others the names that the other CRDs of its group have
 * @param now a timestamp
 * @returns the new status
 */
export function definitionStatus(crd: KubeObject, others: readonly Names[], now: string): Record<string, unknown> {
  const wanted = readNames(valueAt(crd, "spec", "names"));
  const had = readNames(valueAt(crd, "status", "acceptedNames"));
  const { accepted, reason, message } = acceptNames(wanted, had, takenNames(others));
  const good = reason === "NoConflicts";
  const conditions = new Map(
    listAt(crd, "status", "conditions").map((condition) => [textAt(condition, "type"), fieldsAt(condition)]),
  );
  const set = (condition: Omit<Condition, "lastTransitionTime">) => {
    const before = conditions.get(condition.type);
    const since = before?.["status"] === condition.status ? textAt(before, "lastTransitionTime") : now;
    conditions.set(condition.type, { ...condition, lastTransitionTime: since || now });
  };
  set({ type: "NamesAccepted", status: good ? "True" : "False", reason, message });
  if (conditions.get("Established")?.["status"] !== "True") {
    set(
      good
        ? {
            type: "Established",
            status: "True",
            reason: "InitialNamesAccepted",
            message: "the initial names have been accepted",
          }
        : { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" },
    );
  }
  const approval = approvalOf(crd);
  if (approval !== undefined) set(approval);
  return {
    ...fieldsAt(crd, "status"),
    acceptedNames: withoutEmpty(accepted),
    conditions: [...conditions.values()],
    storedVersions: storedVersions(crd),
  };
}

/** A version that objects may be stored in; others are added when another version becomes the one of storage. */
function storedVersions(crd: KubeObject): string[] {
  const storage = listAt(crd, "spec", "versions").find((version) => valueAt(version, "storage") === true);
  return [...new Set([...textsAt(crd, "status", "storedVersions"), textAt(storage, "name")])].filter(
    (name) => name !== "",
  );
}

type Taken = { resources: Set<string>; kinds: Set<string> };

function takenNames(others: readonly Names[]): Taken {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const names of others) {
    for (const name of [names.plural, names.singular, ...names.shortNames]) resources.add(name);
    for (const name of [names.kind, names.listKind]) kinds.add(name);
  }
  return { resources, kinds };
}

function acceptNames(wanted: Names, had: Names, taken: Taken): { accepted: Names; reason: string; message: string } {
  const accepted: Names = { ...had, categories: wanted.categories };
  let reason = "NoConflicts";
  let message = "no conflicts found";
  const claim = (name: string, mine: string, used: Set<string>, why: string): boolean => {
    if (name === mine || !used.has(name)) return true;
    reason = why;
    message = `${JSON.stringify(name)} is already in use`;
    return false;
  };
  if (claim(wanted.plural, had.plural, taken.resources, "PluralConflict")) accepted.plural = wanted.plural;
  if (claim(wanted.singular, had.singular, taken.resources, "SingularConflict")) accepted.singular = wanted.singular;
  const clashes = wanted.shortNames.filter((name) => !had.shortNames.includes(name) && taken.resources.has(name));
  if (clashes.length === 0) {
    accepted.shortNames = wanted.shortNames;
  } else {
    reason = "ShortNamesConflict";
    const list = clashes.map((name) => `${JSON.stringify(name)} is already in use`);
    message = list.length === 1 ? (list[0] ?? "") : `[${list.join(", ")}]`;
  }
  if (claim(wanted.kind, had.kind, taken.kinds, "KindConflict")) accepted.kind = wanted.kind;
  if (claim(wanted.listKind, had.listKind, taken.kinds, "ListKindConflict")) accepted.listKind = wanted.listKind;
  return { accepted, reason, message };
}

function withoutEmpty(names: Names): Record<string, unknown> {
  return Object.fromEntries(Object.entries(names).filter(([, value]) => value.length > 0));
}

/** Groups that belong to the Kubernetes community; a CRD in one says who approved it. */
export function isProtectedGroup(group: string): boolean {
  return /(^|\.)(k8s|kubernetes)\.io$/.test(group);
}

export const approvalAnnotation = "api-approved.kubernetes.io";

function approvalOf(crd: KubeObject): Omit<Condition, "lastTransitionTime"> | undefined {
  if (!isProtectedGroup(textAt(crd, "spec", "group"))) return undefined;
  const annotation = crd.metadata.annotations?.[approvalAnnotation] ?? "";
  const type = "KubernetesAPIApprovalPolicyConformant";
  if (annotation.startsWith("unapproved")) {
    return { type, status: "False", reason: "UnapprovedAPI", message: `not approved: ${JSON.stringify(annotation)}` };
  }
  return { type, status: "True", reason: "ApprovedAnnotation", message: `approved in ${annotation}` };
}
