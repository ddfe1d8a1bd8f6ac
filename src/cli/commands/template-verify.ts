import { existsSync, readFileSync } from "node:fs";
import { textAt, valueAt } from "../../apimachinery/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import { errorText } from "../../lib/index.ts";
import {
  builtinPrerequisite,
  type ClusterFacts,
  judgePrerequisites,
  type Prerequisite,
  readPrerequisite,
  SourceError,
  type VerifyLine,
} from "../../templates/index.ts";
import { CliError } from "../errors.ts";
import { asked, type ClusterFlags, openCluster } from "../template/open-cluster.ts";
import { servedResources } from "../template/served-resources.ts";

const podResource: Resource = { group: "", version: "v1", resource: "pods", kind: "Pod", namespaced: true };

export type VerifyFlags = ClusterFlags & { config: readonly string[] };

/** Says whether a cluster has what Prerequisites ask for, as `cnoe k8s verify` does; ends with 1 when it has not. */
export async function verify(flags: VerifyFlags): Promise<void> {
  if (flags.config.length === 0)
    throw new CliError("usage", { why: 'required flag(s) "config" not set', command: "skiff template verify" });
  const prerequisites = flags.config.map(loadPrerequisite);
  using cluster = openCluster(flags);
  const facts = await asked(cluster, async (client) => await readFacts(client, prerequisites));
  const { lines, errors } = judgePrerequisites(prerequisites, facts);
  for (const line of lines) process.stdout.write(`${formatLine(line)}\n`);
  if (errors.length === 0) return;
  process.stderr.write(formatErrors(errors));
  process.exitCode = 1;
}

/** A file, or the name of one that is built in. */
function loadPrerequisite(config: string): Prerequisite {
  const known = existsSync(config) ? undefined : builtinPrerequisite(config);
  if (known !== undefined) return known;
  const isName = /^[a-z0-9-]+$/.test(config) && !existsSync(config);
  if (isName) throw new CliError("verifier", { why: `verifier not found: ${config}` });
  try {
    return readPrerequisite(readFileSync(config, "utf8"), config);
  } catch (error) {
    const why = error instanceof SourceError ? error.message : `Cannot read ${config}: ${errorText(error)}`;
    throw new CliError("verifier", { why }, { cause: error });
  }
}

async function readFacts(client: Client, prerequisites: readonly Prerequisite[]): Promise<ClusterFacts> {
  const needs = (what: "crds" | "pods") => prerequisites.some((prerequisite) => prerequisite[what].length > 0);
  const resources = needs("crds") ? await resourcesOf(client, prerequisites) : [];
  const { items } = needs("pods") ? await client.list(podResource) : { items: [] };
  return {
    resources,
    pods: items.map((pod) => ({
      namespace: pod.metadata.namespace ?? "",
      name: pod.metadata.name ?? "",
      phase: textAt(valueAt(pod, "status"), "phase"),
      terminating: pod.metadata.deletionTimestamp !== undefined,
    })),
  };
}

async function resourcesOf(client: Client, prerequisites: readonly Prerequisite[]): Promise<ClusterFacts["resources"]> {
  const asked = prerequisites
    .flatMap(({ crds }) => crds)
    .map(({ group, version }) => `${group}/${version}`.toLowerCase());
  const served = await Promise.all(
    [...new Set(asked)].map(async (apiVersion) => await servedResources(client, apiVersion)),
  );
  return served.flat().map(({ resource, ...rest }) => ({ ...rest, plural: resource }));
}

function formatLine({ isMet, text }: VerifyLine): string {
  const mark = isMet ? "✓" : "X";
  const isColored = process.stdout.isTTY === true && !process.env["NO_COLOR"];
  return `${isColored ? `\u001b[${isMet ? 32 : 31}m${mark}\u001b[0m` : mark} ${text}`;
}

/** As hashicorp/go-multierror lists errors, which is what cnoe-cli prints. */
function formatErrors(errors: readonly string[]): string {
  const count = errors.length === 1 ? "1 error occurred:" : `${errors.length} errors occurred:`;
  return `${count}\n${errors.map((error) => `\t* ${error}\n`).join("")}\n\n`;
}
