import { platformUrls, stateDirectory } from "../../platform/index.ts";
import { requireConfig } from "../connect.ts";
import { checkWhole, ensureDaemon, runningPlatform } from "../daemon.ts";
import { formatDuration } from "../duration.ts";
import { runForeground } from "../foreground.ts";

export async function start({
  name,
  foreground,
  logLevel,
}: {
  name: string;
  foreground: boolean;
  logLevel: string;
}): Promise<void> {
  const state = stateDirectory(name);
  const config = requireConfig(name);
  if (foreground) {
    await runForeground(config, state, logLevel);
    return;
  }
  if (runningPlatform(state) !== undefined) {
    process.stdout.write(`Platform ${name} is running at ${platformUrls(config).front}/\n`);
    return;
  }
  checkWhole(state, name, config.created !== undefined);
  const startedMs = performance.now();
  await ensureDaemon(config, state, logLevel);
  process.stdout.write(
    `Platform ${name} started in ${formatDuration(performance.now() - startedMs)}: ${platformUrls(config).front}/\n`,
  );
}
