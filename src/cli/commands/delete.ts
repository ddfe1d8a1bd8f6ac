import { existsSync } from "node:fs";
import { listPlatforms, removeLeftovers, removeStateDirectory, stateDirectory } from "../../platform/index.ts";
import { checkDirectories } from "../connect.ts";
import { stopDaemon } from "../daemon.ts";
import { CliError } from "../errors.ts";
import { contextName, kubeconfigFile, readKubeconfig, withoutContext, writeKubeconfig } from "../kubeconfig.ts";

export async function deletePlatform(name: string): Promise<void> {
  removeLeftovers();
  const state = stateDirectory(name);
  checkDirectories(name);
  if (!existsSync(state.root)) throw new CliError("no-platform", { name, all: listPlatforms().join(", ") });
  await stopDaemon(state, name, { force: true });
  removeStateDirectory(name);
  forgetContext(name);
  process.stdout.write(`Platform ${name} deleted\n`);
}

function forgetContext(name: string): void {
  const file = kubeconfigFile();
  if (!existsSync(file)) return;
  const config = readKubeconfig(file);
  const context = contextName(name);
  if (!config.contexts?.some((entry) => entry.name === context)) return;
  writeKubeconfig(file, withoutContext(config, context));
}
