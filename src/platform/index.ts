// One platform on this machine: its configuration, its directory, and the start and stop of all its parts in order.
// It promises that a platform either runs whole or says why it does not.
// It leaves to the command line how people ask for it and what they see.

export { type AccessFile, chartTrust, checkAccessFile, readAccessFile, writeAccessFile } from "./access-files.ts";
export { BackupError, backupPlatform, restorePlatform } from "./backup.ts";
export {
  ConfigError,
  computeText,
  freePort,
  type PlatformConfig,
  platformUrls,
  readConfig,
  writeConfig,
} from "./config.ts";
export { localRepository } from "./local-urls.ts";
export { type Platform, type PlatformOptions, PlatformStartError, type StartFailure, startPlatform } from "./start.ts";
export {
  compileCache,
  listPlatforms,
  platformsRoot,
  readClusterSecret,
  readJsonFile,
  removeLeftovers,
  removeStateDirectory,
  type StateDirectory,
  stateDirectory,
} from "./state-directory.ts";
