import { compareUtf8 } from "../../apimachinery/index.ts";
import { KustomizeError } from "./kustomize-error.ts";
import { cloneNode, fieldOf, isEmpty, isMap, type MapNode, rawText, Scalar, setText, textOf } from "./node.ts";
import type { OpenApi } from "./openapi.ts";
import { apiVersionOf, type Gvk, parseApiVersion, type ResourceId } from "./resource-id.ts";

const domain = "internal.config.kubernetes.io";

/**
 * What a build notes about a resource, in annotations as upstream: patches see them, and one that takes all annotations
 * away makes kustomize forget.
 */
export const notes = {
  previousKinds: `${domain}/previousKinds`,
  previousNames: `${domain}/previousNames`,
  previousNamespaces: `${domain}/previousNamespaces`,
  prefixes: `${domain}/prefixes`,
  suffixes: `${domain}/suffixes`,
  referredBy: `${domain}/refBy`,
  behavior: `${domain}/generatorBehavior`,
  needsHash: `${domain}/needsHashSuffix`,
  allowNameChange: `${domain}/allowNameChange`,
  allowKindChange: `${domain}/allowKindChange`,
} as const;

export const originAnnotation = "config.kubernetes.io/origin";
export const transformationsAnnotation = "alpha.config.kubernetes.io/transformations";
const enabled = "enabled";

const buildAnnotations: readonly string[] = [
  ...Object.values(notes),
  `${domain}/path`,
  `${domain}/index`,
  `${domain}/seqindent`,
  `${domain}/id`,
  `${domain}/annotations-migration-resource-id`,
  "config.kubernetes.io/path",
  "config.kubernetes.io/index",
  "config.k8s.io/id",
];

/** Where a resource was read, for the result: `line` counts from 1. */
export type Place = { readonly file: string; readonly line: number };

/** An object on its way through a build. */
export class Resource {
  /** The object; `undefined` once a patch has deleted it. */
  node: MapNode | undefined;
  readonly place: Place;
  readonly openApi: OpenApi;
  /** Why it cannot be written as JSON. */
  flaw: string | undefined;
  /** The vars whose values are read from this resource. */
  variables: readonly string[] = [];
  #previous: { text: string; ids: readonly ResourceId[] } | undefined;

  constructor(node: MapNode, place: Place, openApi: OpenApi, flaw?: string) {
    this.node = node;
    this.place = place;
    this.openApi = openApi;
    this.flaw = flaw;
  }

  get isEmpty(): boolean {
    return isEmpty(this.node);
  }

  get kind(): string {
    return textOf(fieldOf(this.node, "kind"));
  }

  get apiVersion(): string {
    return textOf(fieldOf(this.node, "apiVersion"));
  }

  get name(): string {
    return this.#metadataText("name");
  }

  get namespace(): string {
    return this.#metadataText("namespace");
  }

  get gvk(): Gvk {
    return { ...parseApiVersion(this.apiVersion), kind: this.kind };
  }

  #metadataText(field: string): string {
    const value = fieldOf(fieldOf(this.node, "metadata"), field);
    return isEmpty(value) ? "" : rawText(value);
  }

  setKind(kind: string): void {
    if (this.node !== undefined) setText(this.node, "kind", kind);
  }

  setName(name: string): void {
    setText(this.#metadata(), "name", name);
  }

  setNamespace(namespace: string): void {
    if (namespace === "") {
      const metadata = fieldOf(this.node, "metadata");
      if (isMap(metadata)) metadata.delete("namespace");
    } else {
      setText(this.#metadata(), "namespace", namespace);
    }
  }

  #metadata(): MapNode {
    if (this.node === undefined) throw new KustomizeError("the resource was deleted");
    const found = this.node.get("metadata");
    if (isMap(found)) return found;
    const created: MapNode = new Map();
    this.node.set("metadata", created);
    return created;
  }

  get labels(): Map<string, string> {
    return this.#texts("labels");
  }

  get annotations(): Map<string, string> {
    return this.#texts("annotations");
  }

  #texts(field: string): Map<string, string> {
    const map = fieldOf(fieldOf(this.node, "metadata"), field);
    return new Map(isMap(map) ? [...map].map(([key, value]): [string, string] => [key, rawText(value)]) : []);
  }

  setLabels(labels: ReadonlyMap<string, string>): void {
    this.#setTexts("labels", labels);
  }

  setAnnotations(annotations: ReadonlyMap<string, string>): void {
    this.#setTexts("annotations", annotations);
  }

  #setTexts(field: string, texts: ReadonlyMap<string, string>): void {
    const metadata = this.#metadata();
    metadata.delete(field);
    if (texts.size === 0) return;
    const map: MapNode = new Map();
    for (const key of [...texts.keys()].sort(compareUtf8)) map.set(key, new Scalar(texts.get(key) ?? "", "str"));
    metadata.set(field, map);
  }

  annotation(key: string): string | undefined {
    const value = fieldOf(fieldOf(fieldOf(this.node, "metadata"), "annotations"), key);
    return value === undefined ? undefined : rawText(value);
  }

  setAnnotation(key: string, value: string | undefined): void {
    const annotations = this.annotations;
    if (value === undefined) annotations.delete(key);
    else annotations.set(key, value);
    this.setAnnotations(annotations);
  }

  /** Adds to a list in an annotation; empty values are none. */
  appendNote(key: string, value: string): void {
    if (value === "") return;
    const metadata = this.#metadata();
    const found = metadata.get("annotations");
    const annotations: MapNode = isMap(found) ? found : new Map();
    if (annotations !== found) metadata.set("annotations", annotations);
    const old = annotations.get(key);
    annotations.set(key, new Scalar(old === undefined ? value : `${rawText(old)},${value}`, "str"));
  }

  notesOf(key: string): string[] {
    return this.annotation(key)?.split(",") ?? [];
  }

  isEnabled(key: string): boolean {
    return this.annotation(key) === enabled;
  }

  enable(key: string): void {
    this.setAnnotation(key, enabled);
  }

  /** The id as it is now, which is unique among the resources of a build. */
  get currentId(): ResourceId {
    return this.#id(this.kind, this.name, this.namespace);
  }

  #id(kind: string, name: string, namespace: string): ResourceId {
    const gvk = { ...parseApiVersion(this.apiVersion), kind };
    return { ...gvk, name, namespace, isClusterScoped: this.openApi.isClusterScoped(apiVersionOf(gvk), kind) };
  }

  /** The ids before each change of name, namespace or kind, the oldest first. */
  get previousIds(): readonly ResourceId[] {
    const names = this.annotation(notes.previousNames);
    if (names === undefined) return [];
    const namespaces = this.annotation(notes.previousNamespaces) ?? "";
    const kinds = this.annotation(notes.previousKinds) ?? "";
    const text = `${this.apiVersion}\0${names}\0${namespaces}\0${kinds}`;
    if (this.#previous?.text !== text) {
      const spaces = namespaces.split(",");
      const kindList = kinds.split(",");
      const ids = names.split(",").map((name, index) => this.#id(kindList[index] ?? "", name, spaces[index] ?? ""));
      if (ids.length !== spaces.length || ids.length !== kindList.length) {
        throw new KustomizeError(
          "number of previous names, number of previous namespaces, number of previous kinds not equal",
        );
      }
      this.#previous = { text, ids };
    }
    return this.#previous.ids;
  }

  get originalId(): ResourceId {
    return this.previousIds[0] ?? this.currentId;
  }

  /** Notes the id that is about to change. */
  storePreviousId(): void {
    const { kind, name } = this;
    const { isClusterScoped, namespace } = this.currentId;
    this.appendNote(notes.previousNames, name);
    this.appendNote(
      notes.previousNamespaces,
      isClusterScoped ? "_non_namespaceable_" : namespace === "" ? "default" : namespace,
    );
    this.appendNote(notes.previousKinds, kind);
  }

  /** What becomes of a generated resource when there is one of the same id. */
  get behavior(): "create" | "replace" | "merge" | "unspecified" {
    const text = this.annotation(notes.behavior);
    return text === "create" || text === "replace" || text === "merge" ? text : "unspecified";
  }

  /** Takes labels, annotations, name and namespace of another resource, which this one replaces; own values win. */
  takeMetadataOf(other: Resource): void {
    this.setLabels(new Map([...other.labels, ...this.labels]));
    const own = this.annotations;
    const theirs = other.annotations;
    const merged = new Map([...theirs, ...own]);
    for (const key of buildAnnotations) {
      const note = theirs.get(key);
      if (note === undefined) merged.delete(key);
      else merged.set(key, note);
    }
    if (!own.has(notes.needsHash)) merged.delete(notes.needsHash);
    this.setAnnotations(merged);
    this.setName(other.name);
    this.setNamespace(other.namespace);
    this.variables = [...other.variables];
  }

  /** Takes away what only builds know. */
  removeNotes(): void {
    const annotations = this.annotations;
    if (annotations.size === 0) return;
    for (const key of buildAnnotations) annotations.delete(key);
    this.setAnnotations(annotations);
  }

  clone(): Resource {
    const copy = new Resource(
      this.node === undefined ? new Map() : cloneNode(this.node),
      this.place,
      this.openApi,
      this.flaw,
    );
    if (this.node === undefined) copy.node = undefined;
    copy.variables = [...this.variables];
    return copy;
  }
}

/** Whether two lists of prefixes or suffixes end the same way, as far as the shorter one goes. */
export function sameEnding(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length > b.length ? [b, a] : [a, b];
  if (short.length === 0) return long.length === 0;
  const difference = long.length - short.length;
  return short.every((text, index) => long[index + difference] === text);
}
