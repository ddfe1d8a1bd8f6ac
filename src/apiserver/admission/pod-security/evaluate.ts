import { baselineChecks } from "./baseline.ts";
import type { PodParts, Violation } from "./pod.ts";
import type { LevelVersion } from "./policy.ts";
import { restrictedChecks } from "./restricted.ts";

/** The version of the newest check; what `latest` means. */
const newestVersion = 34;

/** How a pod falls short of a level; empty when it does not. */
export function violations({ level, version }: LevelVersion, pod: PodParts): Violation[] {
  if (level === "privileged") return [];
  const minor = version === "latest" ? newestVersion : Math.min(version, newestVersion);
  const stricter = level === "baseline" ? [] : Object.values(restrictedChecks).filter(({ since }) => minor >= since);
  const replaced = new Set(stricter.map(({ instead }) => instead));
  const basic = Object.entries(baselineChecks).flatMap(([name, check]) => (replaced.has(name) ? [] : [check]));
  return [...basic, ...stricter.map(({ check }) => check)].flatMap((check) => check(pod, minor) ?? []);
}

/** `host namespaces (hostPID=true), privileged (…)` */
export function detailed(found: readonly Violation[]): string {
  return found.map(({ reason, detail }) => (detail === "" ? reason : `${reason} (${detail})`)).join(", ");
}

/** `host namespaces, privileged` */
export function briefly(found: readonly Violation[]): string {
  return found.map(({ reason }) => reason).join(", ");
}
