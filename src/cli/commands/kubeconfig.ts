import { readFileSync } from "node:fs";
import { isFields, parseYaml } from "../../apimachinery/index.ts";
import { stateDirectory } from "../../platform/index.ts";
import { connectPlatform, requireConfig } from "../connect.ts";
import { CliError } from "../errors.ts";
import { contextName, kubeconfigFile, mergeKubeconfig, readKubeconfig, writeKubeconfig } from "../kubeconfig.ts";
import { readClusterKubeconfig } from "./cluster.ts";

type Flags = { name: string; merge: boolean; cluster?: string };

export async function kubeconfig({ name, merge, cluster }: Flags): Promise<void> {
  if (cluster !== undefined) return await ofCluster(name, merge, cluster);
  const config = requireConfig(name);
  const state = stateDirectory(name);
  if (config.created === undefined) throw new CliError("not-running", { name });
  if (!merge) {
    process.stdout.write(readFileSync(state.kubeconfig, "utf8"));
    return;
  }
  process.stdout.write(`Context ${contextName(name)} is current in ${mergeContext(name)}\n`);
}

/** Adds the platform's context to the user's kubeconfig. @returns the file */
export function mergeContext(name: string): string {
  const file = kubeconfigFile();
  writeKubeconfig(file, mergeKubeconfig(readKubeconfig(file), readKubeconfig(stateDirectory(name).kubeconfig)));
  return file;
}

async function ofCluster(name: string, merge: boolean, cluster: string): Promise<void> {
  using connection = connectPlatform(name);
  const text = await readClusterKubeconfig(connection.client, cluster, name);
  if (!merge) {
    process.stdout.write(text);
    return;
  }
  const file = kubeconfigFile();
  const added = parseYaml(text);
  if (!isFields(added)) throw new Error(`Cannot read the kubeconfig of logical cluster ${cluster}: it is no map`);
  writeKubeconfig(file, mergeKubeconfig(readKubeconfig(file), added));
  process.stdout.write(`Context ${contextName(name)}-${cluster} is current in ${file}\n`);
}
