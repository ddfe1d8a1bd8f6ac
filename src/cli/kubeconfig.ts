import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { parseYaml, stringifyYaml } from "../apimachinery/index.ts";
import { writeFileAtomically } from "../lib/index.ts";
import { CliError } from "./errors.ts";

type Named<T> = { name: string } & T;
/** What this command reads and writes of a kubeconfig; everything else in it is kept. */
export type Kubeconfig = {
  apiVersion?: string;
  kind?: string;
  clusters?: Named<{ cluster: Record<string, unknown> }>[] | null;
  users?: Named<{ user: Record<string, unknown> }>[] | null;
  contexts?: Named<{ context: Record<string, unknown> }>[] | null;
  "current-context"?: string;
  [field: string]: unknown;
};

/** Name of the cluster, user and context of a platform. */
export function contextName(platform: string): string {
  return `skiff-${platform}`;
}

/** The file kubectl writes to: the first of `$KUBECONFIG`, else `~/.kube/config`. */
export function kubeconfigFile(env: NodeJS.ProcessEnv = process.env): string {
  const first = env["KUBECONFIG"]?.split(delimiter).find((file) => file !== "");
  return first ?? join(homedir(), ".kube", "config");
}

/** Puts the entries of `added` into a kubeconfig, in place of those of the same names, and makes its context current. */
export function mergeKubeconfig(existing: Kubeconfig, added: Kubeconfig): Kubeconfig {
  return {
    apiVersion: "v1",
    kind: "Config",
    ...existing,
    clusters: replaceNamed(existing.clusters, added.clusters),
    users: replaceNamed(existing.users, added.users),
    contexts: replaceNamed(existing.contexts, added.contexts),
    "current-context": added["current-context"] ?? "",
  };
}

/** Takes a platform's entries out; a current context that was its own is unset. */
export function withoutContext(existing: Kubeconfig, name: string): Kubeconfig {
  const others = <T extends { name: string }>(items: T[] | null | undefined) =>
    (items ?? []).filter((item) => item.name !== name);
  return {
    ...existing,
    clusters: others(existing.clusters),
    users: others(existing.users),
    contexts: others(existing.contexts),
    "current-context": existing["current-context"] === name ? "" : (existing["current-context"] ?? ""),
  };
}

/** @returns an empty kubeconfig when there is no file */
export function readKubeconfig(file: string): Kubeconfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw error;
  }
  const value = parseYaml(text, { file });
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new CliError("usage", {
      why: `Cannot add the context to ${file}: it is not a kubeconfig`,
      command: "skiff kubeconfig",
    });
  }
  return value;
}

export function writeKubeconfig(file: string, config: Kubeconfig): void {
  writeFileAtomically(file, stringifyYaml(config));
}

function replaceNamed<T extends { name: string }>(
  existing: T[] | null | undefined,
  added: T[] | null | undefined,
): T[] {
  const names = new Set((added ?? []).map(({ name }) => name));
  return [...(existing ?? []).filter(({ name }) => !names.has(name)), ...(added ?? [])];
}
