import { type DaemonSet, scaledValue } from "./kinds.ts";

/** How many nodes may have two pods during a rollout, and how many none. */
export function rolloutBounds({ spec }: DaemonSet, wanted: number): { surge: number; unavailable: number } {
  const { type = "RollingUpdate", rollingUpdate } = spec.updateStrategy ?? {};
  if (type !== "RollingUpdate") return { surge: 0, unavailable: 0 };
  const surge = scaledValue(rollingUpdate?.maxSurge, wanted, "up");
  const unavailable = scaledValue(rollingUpdate?.maxUnavailable, wanted, "up");
  // With neither nothing could ever change.
  return { surge, unavailable: wanted > 0 && surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export function allowsSurge(set: DaemonSet): boolean {
  return rolloutBounds(set, 1).surge > 0;
}
