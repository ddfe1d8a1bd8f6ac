#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { compileCache } from "../platform/index.ts";

// Compiled code is kept beside the platforms: it saves most of the start, and memory, from the second start on.
enableCompileCache(compileCache());
const { run } = await import("./run.ts");
process.exitCode = await run(process.argv.slice(2));
