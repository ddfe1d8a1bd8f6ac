import {
  type GroupVersionKind,
  isStatusError,
  type KubeObject,
  matchesLabels,
  notFound,
  type StatusError,
} from "../../../apimachinery/index.ts";
import type { ApiResource } from "../../resource.ts";
import type { Server } from "../../server.ts";
import type { Attempt } from "../admit.ts";
import { objectAt } from "../lookup.ts";
import type { Rule, Webhook } from "./configuration.ts";

/** What a webhook is asked about: the resource in the version that its rules name, and the kind of the object. */
export type Invocation = { webhook: Webhook; resource: ApiResource; kind: GroupVersionKind };

/**
 * Whether a webhook is to be asked about a write, apart from its conditions.
 *
 * @throws {StatusError} `NotFound` when its selector is about a namespace that is absent
 */
export function invocationOf(server: Server, webhook: Webhook, attempt: Attempt): Invocation | undefined {
  const namespace = matchesNamespace(server, webhook, attempt);
  if (namespace === false || !matchesObject(webhook, attempt)) return undefined;
  const asked = matchedResource(server, webhook, attempt);
  if (asked === undefined) return undefined;
  if (isStatusError(namespace)) throw namespace;
  return { webhook, resource: asked, kind: kindOf(attempt, asked) };
}

/** Webhooks and policies are never asked about themselves: nobody can lock out whoever repairs them. */
export function isExempt({ resource: { group, kind } }: Attempt): boolean {
  return (
    group === "admissionregistration.k8s.io" &&
    /^(Validating|Mutating)(WebhookConfiguration|AdmissionPolicy(Binding)?)$/.test(kind)
  );
}

/** The namespace as requests for it are seen: a namespace is in itself. */
export function namespaceOf({ resource, namespace, name, object }: Attempt): string {
  return resource.storageName === "namespaces" ? name || (object?.metadata.name ?? "") : namespace;
}

export function kindOf({ subresource, kind, resource }: Attempt, asked: ApiResource): GroupVersionKind {
  if (kind !== undefined) return kind;
  const other = resource.subresources.find(({ name }) => name === subresource);
  if (other !== undefined && other.kind !== resource.kind) {
    const { group, version } = other;
    return { group, version, kind: other.kind };
  }
  return { group: asked.group, version: asked.version, kind: asked.kind };
}

/** The resource of a write as one of the rules names it: itself, or in a version that is equivalent. */
export function matchedResource(
  server: Server,
  { rules, equivalent }: { rules: readonly Rule[]; equivalent: boolean },
  attempt: Attempt,
): ApiResource | undefined {
  const { resource } = attempt;
  if (rules.some((rule) => matchesRule(rule, attempt, resource))) return resource;
  if (!equivalent) return undefined;
  const others = server.registry.catalog.groups.flatMap(({ versions }) =>
    versions.flatMap(({ resources }) => resources.filter((other) => sharesStorage(other, resource))),
  );
  for (const rule of rules) {
    const found = others.find((other) => matchesRule(rule, attempt, other));
    if (found !== undefined) return found;
  }
  return undefined;
}

function sharesStorage(other: ApiResource, resource: ApiResource): boolean {
  return other !== resource && other.storageName === resource.storageName && other.apiVersion !== resource.apiVersion;
}

function matchesRule(rule: Rule, attempt: Attempt, { group, version, resource, namespaced }: ApiResource): boolean {
  const has = (list: readonly string[], value: string) => list.includes("*") || list.includes(value);
  const scope = namespaced ? "Namespaced" : "Cluster";
  const { names = [] } = rule;
  return (
    (names.length === 0 || names.includes(attempt.name)) &&
    (rule.scope === "*" || rule.scope === scope) &&
    has(rule.operations, attempt.operation) &&
    has(rule.groups, group) &&
    has(rule.versions, version) &&
    rule.resources.some((named) => {
      const [plural = "", subresource = ""] = named.split("/", 2);
      return (plural === "*" || plural === resource) && (subresource === "*" || subresource === attempt.subresource);
    })
  );
}

/** @returns an error that counts only when the webhook is about the write at all */
export function matchesNamespace(
  server: Server,
  { namespaceSelector }: Pick<Webhook, "namespaceSelector">,
  attempt: Attempt,
): boolean | StatusError {
  const { resource, operation, subresource, object } = attempt;
  const isNamespace = resource.resource === "namespaces";
  const name = namespaceOf(attempt);
  if (namespaceSelector === undefined || (name === "" && !isNamespace)) return true;
  if (isNamespace && subresource === "" && operation !== "DELETE")
    return matchesLabels(namespaceSelector, object?.metadata.labels);
  const found = objectAt(server, "namespaces", { name });
  if (found === undefined) return notFound({ group: "", resource: "namespaces" }, name);
  return matchesLabels(namespaceSelector, found.metadata.labels);
}

export function matchesObject({ objectSelector }: Pick<Webhook, "objectSelector">, { object, live }: Attempt): boolean {
  if (objectSelector === undefined) return true;
  const matches = (candidate: Readonly<KubeObject> | undefined) =>
    candidate !== undefined && matchesLabels(objectSelector, candidate.metadata.labels);
  return matches(object) || matches(live);
}
