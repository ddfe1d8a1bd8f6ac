import { compareUtf8, formatGoJson } from "../../apimachinery/index.ts";
import { type FieldSpec, type FieldVisitor, setEntry, setScalarText, visitField } from "./field-spec.ts";
import { KustomizeError, prefixed, within } from "./kustomize-error.ts";
import { requireNode, WrongKindError } from "./merge.ts";
import { isEmpty, isList, isMap, isMissingOrNull, type MapNode, rawText, Scalar, textOf, toJson } from "./node.ts";
import { notes, type Resource } from "./resource.ts";
import { isSelected, sameId } from "./resource-id.ts";
import type { Resources } from "./resources.ts";

const entryCreation = { kind: "map", tag: "" } as const;
const textCreation = { kind: "scalar", tag: "str" } as const;

/** Sets labels or annotations in every field of the specs. */
export function setEntries(
  resources: Resources,
  entries: Readonly<Record<string, string>>,
  specs: readonly FieldSpec[],
): void {
  const keys = Object.keys(entries).sort(compareUtf8);
  if (keys.length === 0) return;
  for (const { node } of resources.all) {
    if (node === undefined) continue;
    for (const key of keys) {
      for (const spec of specs) visitField(node, spec, setEntry(key, entries[key] ?? ""), entryCreation);
    }
  }
}

/** Kinds whose names mean something to Kubernetes, so that they are never changed. */
const fixedNames = [
  { group: "", version: "", kind: "CustomResourceDefinition" },
  { group: "apiregistration.k8s.io", version: "", kind: "APIService" },
  { group: "", version: "", kind: "Namespace" },
];

/** Adds a prefix or a suffix to names, and notes it, so that references can be told apart later. */
export function addAffix(
  resources: Resources,
  affix: { readonly position: "prefix" | "suffix"; readonly text: string },
  specs: readonly FieldSpec[],
): void {
  const { position, text } = affix;
  for (const resource of [...resources.all]) {
    const id = resource.originalId;
    if (fixedNames.some((kind) => isSelected(id, kind))) continue;
    for (const spec of specs) {
      if (!isSelected(id, spec) || resource.node === undefined) continue;
      if (spec.path === "metadata/name") {
        resource.appendNote(position === "prefix" ? notes.prefixes : notes.suffixes, text);
        if (text !== "") resource.storePreviousId();
      }
      const add: FieldVisitor = (node) => {
        setScalarText(node, position === "prefix" ? text + rawText(node) : rawText(node) + text);
      };
      visitField(resource.node, spec, add, textCreation);
    }
  }
}

export type NamespaceOptions = {
  readonly namespace: string;
  readonly specs: readonly FieldSpec[];
  readonly unsetOnly: boolean;
  /** Which subjects of bindings get the namespace. */
  readonly subjects: "defaultOnly" | "allServiceAccounts" | "none";
};

/** Puts resources into a namespace. @throws {KustomizeError} when two become the same one by that */
export function setNamespaces(resources: Resources, options: NamespaceOptions): void {
  for (const resource of [...resources.all]) {
    if (resource.isEmpty) continue;
    resource.storePreviousId();
    setNamespace(resource, options);
    const id = resource.currentId;
    const same = resources.all.filter((other) => other.name === id.name && sameId(other.currentId, id));
    if (same.length !== 1) {
      const texts = same.map(({ node }) => (node === undefined ? "" : formatGoJson(toJson(node)))).join(" ");
      throw new KustomizeError(`namespace transformation produces ID conflict: [${texts}]`);
    }
  }
}

export function setNamespace(resource: Resource, options: NamespaceOptions): void {
  const { node } = resource;
  if (node === undefined) return;
  const { currentId } = resource;
  const set: FieldVisitor = (field) => {
    if (options.unsetOnly && !isEmpty(field) && rawText(field) !== "") return;
    setScalarText(field, options.namespace, "str");
  };
  // Fields of the metadata follow rules of their own: kinds without a namespace get none, and of names only a Namespace's change.
  if (!currentId.isClusterScoped) visitField(node, metadataNamespace, set, { kind: "scalar", tag: "" });
  let specs = options.specs.filter(({ path }) => {
    return path !== "metadata/namespace" && (path !== "metadata/name" || resource.apiVersion === "v1");
  });
  if (isBinding(resource.kind)) {
    specs = specs.filter(({ kind, path }) => !(isBinding(kind) && path === "subjects/namespace"));
    setSubjects(node, options, set);
  }
  try {
    for (const spec of specs) visitField(node, spec, set, textCreation);
  } catch (error) {
    const isWrongKind = error instanceof Error && error.cause instanceof WrongKindError;
    throw prefixed(
      isWrongKind ? "namespace field specs must target scalar nodes" : "namespace transformation failed",
      error,
    );
  }
}

const metadataNamespace: FieldSpec = { group: "", version: "", kind: "", path: "metadata/namespace", create: true };

function isBinding(kind: string): boolean {
  return kind === "RoleBinding" || kind === "ClusterRoleBinding";
}

function setSubjects(node: MapNode, { subjects: mode }: NamespaceOptions, set: FieldVisitor): void {
  const subjects = node.get("subjects");
  if (mode === "none" || isMissingOrNull(subjects)) return;
  within("setting namespace on (cluster)role binding subjects", () => {
    requireNode("SequenceNode", subjects);
    if (!isList(subjects)) return;
    for (const subject of subjects) {
      requireNode("MappingNode", subject);
      if (!isMap(subject)) continue;
      const isMeant =
        mode === "defaultOnly"
          ? textOf(subject.get("name")) === "default"
          : textOf(subject.get("kind")) === "ServiceAccount";
      if (!isMeant) continue;
      const field = subject.get("namespace") ?? new Scalar("");
      subject.set("namespace", field);
      set(field, () => undefined);
    }
  });
}
