import { readFileSync } from "node:fs";
import { stateDirectory } from "../../platform/index.ts";
import { requireConfig } from "../connect.ts";
import { CliError } from "../errors.ts";
import { contextName, kubeconfigFile, mergeKubeconfig, readKubeconfig, writeKubeconfig } from "../kubeconfig.ts";

export function kubeconfig({ name, merge }: { name: string; merge: boolean }): void {
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
