import { writeFileAtomically } from "../lib/index.ts";
import { platformUrls, writeConfig } from "./config.ts";
import { administratorKubeconfig } from "./kubeconfig.ts";
import type { Platform, PlatformOptions } from "./start.ts";
import { startApi } from "./start-api.ts";

export { whyStartFailed } from "./why-start-failed.ts";

/** Starts the parts in order; what has been started is stopped again when one fails. */
export async function startParts(options: PlatformOptions): Promise<Platform> {
  const { config, state } = options;
  await using parts = new AsyncDisposableStack();
  const api = await startApi(parts, options);
  // Loaded when the API answers already: a quarter of all code.
  const { startServices } = await import("./start-services.ts");
  await startServices(parts, { ...options, ...api });
  writeFileAtomically(state.kubeconfig, await administratorKubeconfig(config, api.authority));
  if (config.created === undefined) writeConfig(state, { ...config, created: options.startedAt });
  const moved = parts.move();
  return { url: `${platformUrls(config).front}/`, [Symbol.asyncDispose]: async () => await moved.disposeAsync() };
}
