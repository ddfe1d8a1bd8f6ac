import { KustomizeError } from "./kustomize-error.ts";
import { mergeNodes } from "./merge.ts";
import { fieldOf, isMap, type MapNode, rawText, Scalar } from "./node.ts";
import { otherKeys } from "./read-nodes.ts";
import { notes, originAnnotation, type Resource } from "./resource.ts";
import { formatId, formatIdInGo, type ResourceId, sameId } from "./resource-id.ts";
import { compileSelector, type Selector } from "./selector.ts";

/** How many resources one build may have; the largest we know of have a few thousand. */
export const resourcesMax = 20_000;

/** The resources of a kustomization in their order. No two have the same current id. */
export class Resources {
  #list: Resource[] = [];

  get all(): readonly Resource[] {
    return this.#list;
  }

  append(resource: Resource): void {
    const id = resource.currentId;
    if (this.matching((other) => sameId(other, id)).length > 0) {
      throw new KustomizeError(`may not add resource with an already registered id: ${formatId(id)}`);
    }
    if (this.#list.length >= resourcesMax) throw new KustomizeError(`more than ${resourcesMax} resources`);
    this.#list.push(resource);
  }

  appendAll(resources: Iterable<Resource>): void {
    const known = new Map<string, Resource[]>();
    for (const resource of this.#list) addTo(known, resource.name, resource);
    for (const resource of resources) {
      const id = resource.currentId;
      if (known.get(id.name)?.some((other) => sameId(other.currentId, id)) === true) {
        throw new KustomizeError(`may not add resource with an already registered id: ${formatId(id)}`);
      }
      if (this.#list.length >= resourcesMax) throw new KustomizeError(`more than ${resourcesMax} resources`);
      addTo(known, id.name, resource);
      this.#list.push(resource);
    }
  }

  /** Replaces everything, as after a filter; ids are not checked. */
  replaceAll(resources: Iterable<Resource>): void {
    this.#list = [...resources];
  }

  dropEmpty(): void {
    if (this.#list.some(({ isEmpty }) => isEmpty)) this.#list = this.#list.filter(({ isEmpty }) => !isEmpty);
  }

  matching(matches: (id: ResourceId) => boolean): Resource[] {
    return this.#list.filter((resource) => matches(resource.currentId));
  }

  /** Those of which the current id or one before it matches. */
  matchingAnyId(matches: (id: ResourceId) => boolean): Resource[] {
    return this.#list.filter((resource) => {
      return !resource.isEmpty && (resource.previousIds.some(matches) || matches(resource.currentId));
    });
  }

  /** The only resource that has, or had, an id. */
  byId(id: ResourceId): Resource {
    const found = this.matchingAnyId((other) => sameId(other, id));
    const [first] = found;
    if (first !== undefined && found.length === 1) return first;
    const problem = found.length > 1 ? "multiple matches" : "no matches";
    const text = formatId(id);
    throw new KustomizeError(`${problem} for Id ${text}; failed to find unique target for patch ${text}`);
  }

  select(selector: Selector): Resource[] {
    const matches = compileSelector(selector);
    return this.#list.filter((resource) => matches(resource));
  }

  /** Adds generated resources, or merges them into what is there, as their behavior says. */
  absorbAll(resources: Iterable<Resource>): void {
    for (const resource of resources) this.#absorb(resource);
  }

  #absorb(resource: Resource): void {
    const id = resource.currentId;
    const matches = this.matchingAnyId((other) => sameId(id, other));
    const [old] = matches;
    const { behavior } = resource;
    if (old === undefined) {
      if (behavior === "merge" || behavior === "replace") {
        throw new KustomizeError(`id ${formatIdInGo(id)} does not exist; cannot merge or replace`);
      }
      this.append(resource);
      return;
    }
    if (matches.length > 1) {
      const found = matches.map(({ currentId }) => formatId(currentId)).join(" ");
      throw new KustomizeError(`found multiple objects [${found}] that could accept merge of ${formatId(id)}`);
    }
    if (behavior === "replace") {
      resource.takeMetadataOf(old);
    } else if (behavior === "merge") {
      const origin = old.annotation(originAnnotation);
      resource.takeMetadataOf(old);
      mergeData(resource, old, "data");
      mergeData(resource, old, "binaryData");
      if (origin !== undefined) resource.setAnnotation(originAnnotation, origin);
    } else {
      throw new KustomizeError(`id ${formatIdInGo(id)} exists; behavior must be merge or replace`);
    }
    this.#list[this.#list.indexOf(old)] = resource;
  }

  /** Applies a patch to the selected ones. A patch may delete them, or give them ids that others have. */
  applyPatch(selected: readonly Resource[], patch: Resource): void {
    const targets = new Set(selected);
    for (const resource of this.#list) {
      if (!targets.has(resource)) continue;
      const copy = patch.clone();
      copy.takeMetadataOf(patch);
      if (copy.node !== undefined) {
        copy.node.set("apiVersion", new Scalar(resource.apiVersion));
        copy.node.set("kind", new Scalar(patch.kind));
      }
      patchResource(resource, copy);
    }
    const kept = this.#list.filter(({ isEmpty }) => !isEmpty);
    this.#list = [];
    this.appendAll(kept);
  }

  clone(): Resources {
    const copy = new Resources();
    copy.replaceAll(this.#list.map((resource) => resource.clone()));
    return copy;
  }
}

function addTo(map: Map<string, Resource[]>, key: string, resource: Resource): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [resource]);
  else list.push(resource);
}

/** What is in the old map and not in the new one is added; text that is no UTF-8 was told from other text before. */
function mergeData(resource: Resource, old: Resource, field: "data" | "binaryData"): void {
  if (resource.node === undefined) return;
  const merged: MapNode = new Map();
  const entries = [old, resource].flatMap(({ node }) => {
    const map = fieldOf(node, field);
    return isMap(map) ? [...map] : [];
  });
  const texts = new Map(entries.map(([key, value]): [string, string] => [key, rawText(value)]));
  for (const key of [...texts.keys()].sort()) merged.set(key, new Scalar(texts.get(key) ?? "", "str"));
  resource.node.delete(field);
  if (merged.size > 0) resource.node.set(field, merged);
}

/** Merges a patch into a resource, whose name, namespace and kind stay unless the patch is allowed to change them. */
export function patchResource(resource: Resource, patch: Resource): void {
  if (resource.node === undefined || patch.node === undefined) return;
  const { name, namespace, kind } = resource;
  const mayChangeName = patch.isEnabled(notes.allowNameChange);
  const mayChangeKind = patch.isEnabled(notes.allowKindChange);
  if (mayChangeName || mayChangeKind) resource.storePreviousId();
  const merged = mergeNodes(resource.node, patch.node, { openApi: resource.openApi, prepend: true });
  // What replaces the whole object is no change of it, and upstream looks only at that.
  if (merged === undefined) resource.node = undefined;
  if (patch.flaw === otherKeys) resource.flaw ??= patch.flaw;
  if (resource.isEmpty) return;
  if (!mayChangeKind) resource.setKind(kind);
  if (!mayChangeName) resource.setName(name);
  resource.setNamespace(namespace);
}
