#!/usr/bin/env node
// The published `skiff` command: starts itself again with Node 24 when the machine's own Node is older.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeBinary } from "./node-binary.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, "dist", "cli", "main.js");
const main = existsSync(built) ? built : join(root, "src", "cli", "main.ts");
const child = spawnSync(nodeBinary(root), ["--disable-warning=ExperimentalWarning", main, ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(child.status ?? 1);
