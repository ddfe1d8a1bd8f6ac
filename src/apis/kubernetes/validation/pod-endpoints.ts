import {
  deepEqual,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  itemsAt,
  quoteGo,
  textAt,
} from "../../../apimachinery/index.ts";
import { qosClass } from "../qos.ts";
import { validatePod } from "./pod.ts";
import type { Causes } from "./values.ts";

/** On pods that a node has from a file; the API server may only look at them. */
const mirrorAnnotation = "kubernetes.io/config.mirror";
/** How Kubernetes writes the path of the object as a whole. */
const wholeObject = "[]";

/** What `ephemeralcontainers` may do to a pod: add to them. Those that are there stay as they are. */
export function validateEphemeralContainers(pod: Fields, old: Fields): Causes {
  if (isMirror(old)) return [forbiddenValue(wholeObject, "static pods do not support ephemeral containers")];
  const field = "spec.ephemeralContainers";
  const wanted = itemsAt(pod, "spec", "ephemeralContainers");
  const changed = itemsAt(old, "spec", "ephemeralContainers").flatMap((before) => {
    const after = wanted.find(({ name }) => name === before["name"]);
    if (after !== undefined && deepEqual(after, before)) return [];
    const name = quoteGo(textAt(before, "name"));
    return [
      forbiddenValue(field, `existing ephemeral containers ${name} may not be ${after ? "changed" : "removed"}\n`),
    ];
  });
  return [...validatePod(pod), ...changed];
}

/** What `resize` may do to a pod: change how much cpu and memory its containers have, in the same class of service. */
export function validateResize(pod: Fields, old: Fields): Causes {
  const refused = [hasOwnResources(old) || hasOwnResources(pod), isMirror(old), isWindows(old)].indexOf(true);
  if (refused !== -1) return [forbiddenValue(wholeObject, unresizable[refused] ?? "")];
  const causes = validatePod(pod);
  const before = textAt(old, "status", "qosClass");
  if ((before === "" ? qosClass(old) : before) !== qosClass(pod))
    causes.push(invalidValue("spec", before, "Pod QOS Class may not change as a result of resizing"));
  if (!isResizedByNode(old)) causes.push(forbiddenValue("spec", "Pod running on node without support for resize"));
  const moved = ["containers", "initContainers"].flatMap((list) => validateSameContainers(list, pod, old));
  if (moved.length > 0) return [...causes, ...moved];
  const sidecars = pairsOf("initContainers", pod, old).filter(({ before }) => before["restartPolicy"] === "Always");
  const main = pairsOf("containers", pod, old);
  return [
    ...causes,
    ...[...sidecars, ...main].flatMap(validateKept),
    ...main.flatMap((pair) =>
      isResize(pair) ? [] : [forbiddenValue("spec", "only cpu and memory resources are mutable")],
    ),
    ...pairsOf("initContainers", pod, old).flatMap(validateInitContainer),
  ];
}

const unresizable = [
  "pods with pod-level resources cannot be resized",
  "static pods cannot be resized",
  "windows pods cannot be resized",
];

function isMirror(pod: Fields): boolean {
  return fieldsAt(pod, "metadata", "annotations")[mirrorAnnotation] !== undefined;
}

function isWindows(pod: Fields): boolean {
  return textAt(pod, "spec", "os", "name") === "windows";
}

function hasOwnResources(pod: Fields): boolean {
  return ["requests", "limits"].some((list) => Object.keys(fieldsAt(pod, "spec", "resources", list)).length > 0);
}

/** A node that resizes says what the containers have got. While nothing runs, nobody can tell. */
function isResizedByNode(pod: Fields): boolean {
  const running = itemsAt(pod, "status", "containerStatuses").find(({ state }) =>
    isFields(fieldsAt({ state }, "state")["running"]),
  );
  return running === undefined || isFields(running["resources"]);
}

function validateSameContainers(list: string, pod: Fields, old: Fields): Causes {
  const before = itemsAt(old, "spec", list);
  const after = itemsAt(pod, "spec", list);
  if (before.length !== after.length)
    return [forbiddenValue(`spec.${list}`, `${list} may not be added or removed on resize`)];
  return before.flatMap(({ name }, index) =>
    after[index]?.["name"] === name
      ? []
      : [forbiddenValue(`spec.${list}[${index}].name`, `${list} may not be renamed or reordered on resize`)],
  );
}

type Pair = { before: Fields; after: Fields; path: string };

function pairsOf(list: string, pod: Fields, old: Fields): Pair[] {
  const after = itemsAt(pod, "spec", list);
  return itemsAt(old, "spec", list).map((before, index) => ({
    before,
    after: after[index] ?? {},
    path: `spec.${list}[${index}]`,
  }));
}

/** What a container was promised it keeps some of. */
function validateKept({ before, after, path }: Pair): Causes {
  return ["requests", "limits"].flatMap((list) => {
    const kept = fieldsAt(after, "resources", list);
    const removed = Object.keys(fieldsAt(before, "resources", list)).some((name) => kept[name] === undefined);
    return removed ? [forbiddenValue(`${path}.resources.${list}`, `resource ${list} cannot be removed`)] : [];
  });
}

function validateInitContainer(pair: Pair): Causes {
  const isSidecar = pair.after["restartPolicy"] === "Always";
  if (isSidecar ? isResize(pair) : deepEqual(pair.before, pair.after)) return [];
  const words = isSidecar
    ? "only cpu and memory resources for sidecar containers are mutable"
    : "resources for non-sidecar init containers are immutable";
  return [forbiddenValue("spec", words)];
}

/** Whether nothing but amounts of cpu and memory differ. Where there were no amounts at all, any may come. */
function isResize({ before, after }: Pair): boolean {
  const { resources: had, ...rest } = before;
  const { resources: has, ...wanted } = after;
  if (!deepEqual(rest, wanted)) return false;
  if (isFields(had) && Array.isArray(had["claims"]) && had["claims"].length > 0) return false;
  return ["requests", "limits"].every((list) => {
    const [old, now] = [had, has].map((resources) => {
      const { cpu: _cpu, memory: _memory, ...others } = fieldsAt({ resources }, "resources", list);
      return others;
    });
    return isFields(had) && had[list] === undefined ? true : deepEqual(old, now);
  });
}
