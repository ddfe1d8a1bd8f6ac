import type { Client } from "../client/index.ts";
import type { SharedInformers } from "../controller-runtime/index.ts";
import type { Log } from "../lib/index.ts";

/** What every controller works with. */
export type ControllerContext = {
  client: Client;
  informers: SharedInformers;
  log: Log;
  now: () => Date;
};
