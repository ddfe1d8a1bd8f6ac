import type { KubeObject } from "../../apimachinery/index.ts";
import type { HealthStatusCode } from "../../apis/index.ts";
import { partsOf } from "../object/key.ts";
import { roleOf } from "../object/sync-annotations.ts";
import { isWorse, type ResourceHealth } from "./resource-health.ts";

/** One object of an application: what the source wants, what the cluster has, and how that is. */
export type Part = { target?: KubeObject; live?: KubeObject; health: ResourceHealth | undefined };

/** How many causes are named; the rest is counted. */
const causesMax = 3;

/**
 * The health of an application: that of its worst part. Hooks do not count, nor parts that ask not to, nor parts that are
 * missing (being out of sync says that already) unless all are.
 */
export function applicationHealth(parts: readonly Part[]): { status: HealthStatusCode; message: string } {
  const counted = parts.filter(counts);
  let status: HealthStatusCode = "Healthy";
  let causes: KubeObject[] = [];
  for (const { live, health } of counted) {
    if (live === undefined || health === undefined || isIgnored(live, health)) continue;
    if (isWorse(status, health.status)) {
      status = health.status;
      causes = [live];
    } else if (health.status === status && status !== "Healthy") causes.push(live);
  }
  const allMissing = counted.length > 0 && counted.every(({ live }) => live === undefined);
  if (allMissing && isWorse(status, "Missing")) return { status: "Missing", message: "" };
  return { status, message: describeCauses(causes) };
}

function counts({ target, live }: Part): boolean {
  if (target !== undefined && roleOf(target).role === "skip") return false;
  if (live === undefined) return true;
  const { role } = roleOf(live);
  return role !== "hook" && role !== "ignore";
}

function isIgnored(live: KubeObject, { status }: ResourceHealth): boolean {
  if (live.metadata.annotations?.["argocd.argoproj.io/ignore-healthcheck"] === "true") return true;
  const isApplication = live.kind === "Application" && live.apiVersion.startsWith("argoproj.io/");
  return isApplication && (status === "Missing" || status === "Unknown");
}

function describeCauses(causes: readonly KubeObject[]): string {
  if (causes.length === 0) return "";
  const named = causes.slice(0, causesMax).map((object) => {
    const { group, kind, namespace, name } = partsOf(object);
    return `${group === "" ? kind : `${group}/${kind}`}:${namespace === "" ? name : `${namespace}/${name}`}`;
  });
  const rest = causes.length - named.length;
  return `Caused by ${named.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
