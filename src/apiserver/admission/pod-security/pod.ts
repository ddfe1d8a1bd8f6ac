import { type Fields, fieldsAt, itemsAt, textAt, valueAt } from "../../../apimachinery/index.ts";

/** What checks look at: the metadata and the spec of a pod, or of a template of pods. */
export type PodParts = { metadata: Fields; spec: Fields };

/** What is wrong with a pod: in a word, and in particular. */
export type Violation = { reason: string; detail: string };

/** All containers, those that start first before the others. */
export function containersOf({ spec }: PodParts): Fields[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((list) => itemsAt(spec, list));
}

export function nameOf(container: Fields): string {
  return textAt(container, "name");
}

export function annotationsOf({ metadata }: PodParts): [string, string][] {
  return Object.entries(fieldsAt(metadata, "annotations")).map(([key, value]) => [key, String(value)]);
}

/** `container "a"`, `containers "a", "b"` */
export function containers(names: readonly string[]): string {
  return `${plural("container", names.length)} ${quoted(names)}`;
}

export function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}

export function quoted(items: readonly string[]): string {
  return `"${items.join('", "')}"`;
}

/** Each once, in order. */
export function sorted(items: Iterable<string>): string[] {
  return [...new Set(items)].sort();
}

export function isWindows({ spec }: PodParts): boolean {
  return textAt(spec, "os", "name") === "windows";
}

/** Who sets a field of a security context to something bad: the pod itself, some containers. */
export function settersOf(
  pod: PodParts,
  path: readonly string[],
  isBad: (value: unknown) => boolean,
): { setters: string[]; values: unknown[] } {
  const own = valueAt(pod.spec, "securityContext", ...path);
  const setters = own !== undefined && isBad(own) ? ["pod"] : [];
  const bad = containersOf(pod).filter((container) => {
    const value = valueAt(container, "securityContext", ...path);
    return value !== undefined && isBad(value);
  });
  const values = [own, ...bad.map((container) => valueAt(container, "securityContext", ...path))].filter(
    (value) => value !== undefined && isBad(value),
  );
  if (bad.length > 0) setters.push(containers(bad.map(nameOf)));
  return { setters, values };
}
