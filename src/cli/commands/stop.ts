import { stateDirectory } from "../../platform/index.ts";
import { requireConfig } from "../connect.ts";
import { stopDaemon } from "../daemon.ts";

export async function stop({ name, force }: { name: string; force: boolean }): Promise<void> {
  requireConfig(name);
  const stopped = await stopDaemon(stateDirectory(name), name, { force });
  process.stdout.write(
    stopped
      ? `Platform ${name} stopped; skiff start --name ${name} brings it back\n`
      : `Platform ${name} was not running\n`,
  );
}
