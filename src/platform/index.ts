// One platform on this machine: its configuration, its directory, and the start and stop of all its parts in order.
// It promises that a platform either runs whole or says why it does not.
// It leaves to the command line how people ask for it and what they see.
export { BackupError, backupPlatform, restorePlatform } from "./backup.ts";
export { ConfigError, freePort, type PlatformConfig, platformUrls, readConfig, writeConfig } from "./config.ts";
export { type Platform, type PlatformOptions, PlatformStartError, type StartFailure, startPlatform } from "./start.ts";
export {
  listPlatforms,
  platformsRoot,
  readJsonFile,
  removeLeftovers,
  removeStateDirectory,
  type StateDirectory,
  stateDirectory,
} from "./state-directory.ts";
