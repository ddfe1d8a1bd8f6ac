import { stringifyYaml } from "../../apimachinery/index.ts";
import type { NameReference } from "./default-config.ts";
import { visitField } from "./field-spec.ts";
import { KustomizeError, within } from "./kustomize-error.ts";
import {
  fieldOf,
  isList,
  isMap,
  isMissingOrNull,
  type MapNode,
  type Node,
  rawText,
  Scalar,
  setText,
  toJson,
} from "./node.ts";
import { notes, type Resource, sameEnding } from "./resource.ts";
import { effectiveNamespace, formatId, type Gvk, isSelected } from "./resource-id.ts";
import type { Resources } from "./resources.ts";

/** Writes the names that resources have now into the fields that refer to them by those they had. */
export function fixNameReferences(resources: Resources, references: readonly NameReference[]): void {
  const renamed = indexByPreviousName(resources.all);
  for (const referrer of resources.all) {
    const { node } = referrer;
    if (node === undefined) continue;
    const id = referrer.originalId;
    const isReferable = referableFrom(referrer);
    if (renamed.size === 0) continue;
    for (const { referrers, ...target } of references) {
      for (const spec of referrers) {
        if (!isSelected(id, spec)) continue;
        const own = { ...referrer.gvk, path: spec.path, create: spec.create };
        const place = () => `updating name reference in '${spec.path}' field of '${formatId(referrer.currentId)}'`;
        const search: Search = { referrer, target, path: spec.path, renamed, all: resources.all, isReferable };
        within(place, () => visitField(node, own, (field) => updateReference(field, search)));
      }
    }
  }
}

/** Resources that have had another name, by each of those names, in their order. */
type Renamed = ReadonlyMap<string, readonly Resource[]>;

function indexByPreviousName(resources: readonly Resource[]): Renamed {
  const index = new Map<string, Resource[]>();
  for (const resource of resources) {
    for (const name of new Set(resource.previousIds.map((id) => id.name))) {
      const list = index.get(name);
      if (list === undefined) index.set(name, [resource]);
      else list.push(resource);
    }
  }
  return index;
}

type Search = {
  readonly referrer: Resource;
  readonly target: Gvk;
  readonly path: string;
  readonly renamed: Renamed;
  readonly all: readonly Resource[];
  readonly isReferable: (resource: Resource) => boolean;
};

/** Which resources another one can refer to: those without namespace, those in its own, and accounts that a binding names. */
function referableFrom(referrer: Resource): (resource: Resource) => boolean {
  const id = referrer.currentId;
  if (id.isClusterScoped) return () => true;
  const namespaces = accountNamespaces(referrer);
  const own = effectiveNamespace(id);
  return (resource) => {
    const other = resource.currentId;
    return other.isClusterScoped || effectiveNamespace(other) === own || namespaces.has(resource.namespace);
  };
}

function accountNamespaces(referrer: Resource): ReadonlySet<string> {
  const subjects = referrer.kind === "RoleBinding" ? fieldOf(referrer.node, "subjects") : undefined;
  const namespaces = new Set<string>();
  if (!isList(subjects)) return namespaces;
  for (const subject of subjects) {
    const namespace = fieldOf(subject, "namespace");
    if (namespace === undefined || rawText(fieldOf(subject, "kind")) !== "ServiceAccount") continue;
    if (!(namespace instanceof Scalar) || namespace.tag === "null") {
      throw new KustomizeError(`Invalid Input: namespace is blank for resource "${formatId(referrer.currentId)}"\n`);
    }
    namespaces.add(namespace.text);
  }
  return namespaces;
}

function updateReference(node: Node, search: Search): void {
  if (isMissingOrNull(node)) return;
  if (node instanceof Scalar) updateScalar(node, search);
  else if (isMap(node)) updateMap(node, search);
  else for (const item of node) updateItem(item, search);
}

function updateItem(item: Node, search: Search): void {
  if (isMissingOrNull(item)) return;
  if (item instanceof Scalar) updateScalar(item, search);
  else if (isMap(item)) updateMap(item, search);
  else throw new KustomizeError(`${stringifyYaml(toJson(item))} is expected to be either a string or a map of string`);
}

function updateScalar(node: Scalar, search: Search): void {
  const candidates = (search.renamed.get(node.text) ?? []).filter(search.isReferable);
  const referral = chooseReferral(candidates, search, (a, b) => a.name === b.name);
  if (referral === undefined) return;
  noteReferral(referral, search.referrer);
  if (referral.name === node.text) return;
  node.text = referral.name;
  node.tag = "";
}

/** A map that has the name, and maybe the namespace, of what it refers to. */
function updateMap(node: MapNode, search: Search): void {
  const nameNode = node.get("name");
  if (nameNode === undefined) throw new KustomizeError("path config error; no 'name' field in node");
  const oldName = rawText(nameNode);
  const namespaceNode = node.get("namespace");
  let candidates = (search.renamed.get(oldName) ?? []).filter(search.isReferable);
  if (namespaceNode !== undefined) candidates = inNamespace(candidates, rawText(namespaceNode), search);
  const referral = chooseReferral(candidates, search, (a, b) => a.name === b.name && a.namespace === b.namespace);
  if (referral === undefined) return;
  noteReferral(referral, search.referrer);
  if (referral.name === oldName && referral.namespace === "") return;
  setText(node, "name", referral.name);
  // No namespace is no statement here, so it does not take the place of one.
  if (referral.namespace !== "") setText(node, "namespace", referral.namespace);
}

/** Those that were in a namespace at first; if nothing was, those that are in it now. */
function inNamespace(candidates: Resource[], namespace: string, search: Search): Resource[] {
  const wasInIt = (resource: Resource): boolean => {
    const id = resource.originalId;
    return !id.isClusterScoped && effectiveNamespace(id) === namespace;
  };
  const isKnown = search.all.some((resource) => search.isReferable(resource) && wasInIt(resource));
  if (isKnown) return candidates.filter(wasInIt);
  return candidates.filter((resource) => {
    const id = resource.currentId;
    return !id.isClusterScoped && effectiveNamespace(id) === namespace;
  });
}

function noteReferral(referral: Resource, referrer: Resource): void {
  referral.appendNote(notes.referredBy, formatId(referrer.currentId));
}

function chooseReferral(
  named: readonly Resource[],
  search: Search,
  isSame: (a: Resource, b: Resource) => boolean,
): Resource | undefined {
  const { referrer, target } = search;
  if (named.length === 0) return undefined;
  const role = roleOf(search);
  const current = referrer.currentId;
  let candidates = named.filter((resource) => {
    const ids = resource.previousIds;
    if (!ids.some((id) => isSelected(id, target))) return false;
    if (role !== undefined && !ids.some((id) => isSelected(id, role))) return false;
    const id = resource.currentId;
    return (
      current.isClusterScoped ||
      id.isClusterScoped ||
      resource.kind === "ServiceAccount" ||
      effectiveNamespace(current) === effectiveNamespace(id)
    );
  });
  if (candidates.length === 1) return candidates[0];
  candidates = candidates.filter((resource) => sameAffixes(resource, referrer, true));
  if (candidates.length > 1) candidates = candidates.filter((resource) => sameAffixes(resource, referrer, false));
  const [first] = candidates;
  if (first === undefined || candidates.every((resource) => isSame(first, resource))) return first;
  throw tooMany(candidates, referrer);
}

/** A binding says what kind of role it means. */
function roleOf({ referrer, path }: Search): Gvk | undefined {
  if (!path.endsWith("roleRef/name")) return undefined;
  const role = fieldOf(referrer.node, "roleRef");
  const [group, kind] = [fieldOf(role, "apiGroup"), fieldOf(role, "kind")];
  if (group === undefined || kind === undefined) return undefined;
  return { group: rawText(group), version: "", kind: rawText(kind) };
}

function sameAffixes(a: Resource, b: Resource, allowNone: boolean): boolean {
  return [notes.prefixes, notes.suffixes].every((key) => {
    const [left, right] = [a.notesOf(key), b.notesOf(key)];
    return (allowNone && (left.length === 0 || right.length === 0)) || sameEnding(left, right);
  });
}

function tooMany(candidates: readonly Resource[], referrer: Resource): KustomizeError {
  const ids = candidates.map(({ currentId }) => formatId(currentId)).join(", ");
  const show = ({ node }: Resource): string => (node === undefined ? "" : stringifyYaml(toJson(node)));
  const details = candidates.map((resource, index) => `--- possible referral ${index}:\n${show(resource)}\n`).join("");
  const head = `**** Too many possible referral targets to referrer:\n${show(referrer)}\n`;
  return new KustomizeError(`found multiple possible referrals: ${ids}\n\n${head}${details}`);
}
