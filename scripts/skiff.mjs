#!/usr/bin/env node
// The published `skiff` command: starts itself again with Node 24 when the machine's own Node is older.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { mainModule } from "./bundle.mjs";
import { nodeBinary, nodeEnvironment } from "./node-binary.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = await mainModule(root);
const child = spawn(nodeBinary(root), ["--disable-warning=ExperimentalWarning", main, ...process.argv.slice(2)], {
  stdio: "inherit",
  env: nodeEnvironment(),
});
// Who stops this command means the one it runs; a terminal sends Ctrl-C to both already, others do not.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`Cannot run Node: ${error.message}`);
  process.exit(1);
});
child.on("close", (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
