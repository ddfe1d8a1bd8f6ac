#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { platformsRoot } from "../platform/index.ts";

// Compiled code is kept beside the platforms: it saves most of the start, and memory, from the second start on.
enableCompileCache(join(platformsRoot(), ".cache", "compile"));
const { run } = await import("./run.ts");
process.exitCode = await run(process.argv.slice(2));
