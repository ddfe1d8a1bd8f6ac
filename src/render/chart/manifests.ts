import type { ExactValue } from "../../apimachinery/index.ts";
import { baseName } from "../template/functions/paths.ts";
import { GoError } from "../template/go-error.ts";
import { sortKeys } from "../template/sort-keys.ts";
import { ChartError } from "./chart-error.ts";
import type { ChartMemory } from "./chart-memory.ts";
import { type ReadDocument, readDocument } from "./read-document.ts";
import { isBlank, splitManifests } from "./yaml-text.ts";

/**
 * A document that a template rendered.
 *
 * @property file the template, as in `chart/templates/service.yaml`
 * @property line where it begins in what the template rendered, from 1
 * @property value what it says; nobody may change it
 */
export type RenderedDocument = {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly kind: string;
  readonly value: ExactValue;
};

/** A document with the annotation `helm.sh/hook`; policies in small letters, as they stand there. */
export type RenderedHook = RenderedDocument & {
  readonly name: string;
  readonly events: readonly string[];
  readonly weight: number;
  readonly deletePolicies: readonly string[];
  readonly outputLogPolicies: readonly string[];
};

/** The kinds whose order matters, in the order in which Helm installs them. */
const installOrder: ReadonlyMap<string, number> = new Map(
  (
    "PriorityClass Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget ServiceAccount " +
    "Secret SecretList ConfigMap StorageClass PersistentVolume PersistentVolumeClaim CustomResourceDefinition ClusterRole " +
    "ClusterRoleList ClusterRoleBinding ClusterRoleBindingList Role RoleList RoleBinding RoleBindingList Service DaemonSet " +
    "Pod ReplicationController ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job CronJob IngressClass Ingress " +
    "APIService MutatingWebhookConfiguration ValidatingWebhookConfiguration"
  )
    .split(" ")
    .map((kind, index) => [kind, index]),
);

/** What `helm.sh/hook` may say, and what it means. */
const hookEvents: ReadonlyMap<string, string> = new Map([
  ...["install", "delete", "upgrade", "rollback"].flatMap((event): [string, string][] => [
    [`pre-${event}`, `pre-${event}`],
    [`post-${event}`, `post-${event}`],
  ]),
  ["test", "test"],
  // As tests were called in Helm 2.
  ["test-success", "test"],
]);

/**
 * Takes what templates rendered apart: into the objects of the chart and its hooks, each in the order in which Helm installs
 * them.
 *
 * @param rendered texts by the name of their template
 * @throws {ChartError} for the first document that is not well-formed
 */
export function sortManifests(
  rendered: ReadonlyMap<string, string>,
  memory: ChartMemory,
  warn: (warning: string) => void,
): { manifests: RenderedDocument[]; hooks: RenderedHook[] } {
  const manifests: RenderedDocument[] = [];
  const hooks: RenderedHook[] = [];
  for (const file of sortKeys([...rendered.keys()])) {
    const text = rendered.get(file) ?? "";
    if (baseName(file).startsWith("_") || isBlank(text)) continue;
    for (const { annotations, name, ...document } of documentsIn(file, text, memory)) {
      const hookTypes = annotations.get("helm.sh/hook");
      if (hookTypes === undefined) {
        manifests.push(document);
        continue;
      }
      const events = listOf(hookTypes).map((event) => hookEvents.get(event));
      if (events.includes(undefined)) {
        warn(`skipping unknown hooks hookTypes=${hookTypes}`);
        continue;
      }
      hooks.push({
        ...document,
        name,
        events: events.filter((event) => event !== undefined),
        weight: weightOf(annotations.get("helm.sh/hook-weight")),
        deletePolicies: listOf(annotations.get("helm.sh/hook-delete-policy")),
        outputLogPolicies: listOf(annotations.get("helm.sh/hook-output-log-policy")),
      });
    }
  }
  return { manifests: manifests.sort(compareKinds), hooks: hooks.sort(compareKinds) };
}

function* documentsIn(file: string, text: string, memory: ChartMemory): Generator<RenderedDocument & ReadDocument> {
  let line = 1;
  let lineEnd = text.indexOf("\n");
  for (const part of splitManifests(text)) {
    for (; lineEnd >= 0 && lineEnd < part.at; lineEnd = text.indexOf("\n", lineEnd + 1)) line++;
    yield { file, line, text: part.text, ...read(file, part.text, memory) };
  }
}

function read(file: string, text: string, memory: ChartMemory): ReadDocument {
  try {
    return memory.documentOf(text, readDocument);
  } catch (cause) {
    if (!(cause instanceof GoError)) throw cause;
    throw new ChartError(`YAML parse error on ${file}: ${cause.message}`, { debuggable: true, cause });
  }
}

/** Kinds that Helm knows come first, then the others by their names; those of one kind stay in order. */
function compareKinds(a: RenderedDocument, b: RenderedDocument): number {
  const [first, second] = [installOrder.get(a.kind), installOrder.get(b.kind)];
  if (first !== undefined && second !== undefined) return first - second;
  if (first === undefined && second === undefined) return a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0;
  return first === undefined ? 1 : -1;
}

function listOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(",").map((item) => item.trim().toLowerCase());
}

function weightOf(text: string | undefined): number {
  return text !== undefined && /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : 0;
}
