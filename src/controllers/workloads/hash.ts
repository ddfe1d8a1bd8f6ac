import { canonicalJson } from "../../apimachinery/index.ts";
import type { PodTemplate } from "./kinds.ts";

/** Letters that make no words, and no number that YAML could read; those of apimachinery's `rand.SafeEncodeString`. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";
const prime = 0x01000193;
const offset = 0x811c9dc5;

/**
 * The `pod-template-hash` of a template: the same for equal templates, however their fields are ordered.
 *
 * @param collisionCount how often the hash has hit another template's
 */
export function templateHash(template: PodTemplate, collisionCount: number | undefined): string {
  let hash = fnv1a(offset, Buffer.from(canonicalJson(comparableTemplate(template))));
  if (collisionCount !== undefined) {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(collisionCount);
    hash = fnv1a(hash, bytes);
  }
  return safeEncode(hash);
}

/** The hash in the name of a StatefulSet's revision: FNV-1 of its data as Go writes it, and of the number of collisions. */
export function revisionHash(data: string, collisionCount: number | undefined): string {
  let hash = offset;
  for (const byte of Buffer.from(data + (collisionCount ?? ""))) hash = (Math.imul(hash, prime) ^ byte) >>> 0;
  return safeEncode(hash);
}

function fnv1a(start: number, bytes: Uint8Array): number {
  let hash = start;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, prime) >>> 0;
  return hash;
}

/** Each digit's character code picks a letter. */
function safeEncode(hash: number): string {
  return [...String(hash)].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join("");
}

/** Whether two templates make the same pods; the label that tells them apart does not count. */
export function sameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  return canonicalJson(withoutHash(comparableTemplate(a))) === canonicalJson(withoutHash(comparableTemplate(b)));
}

function withoutHash(template: PodTemplate): PodTemplate {
  const { "pod-template-hash": _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** Maps that are the same empty as absent. Structs like `emptyDir` are not: there being one says something. */
const maps = new Set(["labels", "annotations", "nodeSelector", "limits", "requests", "matchLabels"]);

/** The template as Kubernetes' JSON has it: nulls and empty lists and maps left out, each container with its `resources`. */
export function comparableTemplate(template: PodTemplate): PodTemplate {
  const { metadata = {}, spec } = template;
  const containers = (list: unknown) =>
    Array.isArray(list)
      ? { list: list.map((container) => ({ ...container, resources: container.resources ?? {} })) }
      : {};
  const { list: main } = containers(spec["containers"]);
  const { list: init } = containers(spec.initContainers);
  const filled = { ...spec, ...(main && { containers: main }), ...(init && { initContainers: init }) };
  const bare = compact({ metadata, spec: filled });
  return bare as PodTemplate;
}

function compact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(compact);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([key, field]) => !isNothing(key, field));
  return Object.fromEntries(fields.map(([key, field]) => [key, compact(field)]));
}

function isNothing(key: string, field: unknown): boolean {
  if (field === null || field === undefined) return true;
  if (Array.isArray(field)) return field.length === 0;
  return typeof field === "object" && maps.has(key) && Object.keys(field).length === 0;
}
