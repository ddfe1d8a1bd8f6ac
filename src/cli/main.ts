#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { makeDirectory } from "../lib/index.ts";
import { compileCache } from "../platform/index.ts";

// Compiled code is kept beside the platforms: it saves most of the start, and memory, from the second start on. Where the
// directory cannot be made, Node would try for ever, and a command that needs it says why it cannot.
try {
  makeDirectory(compileCache(), 0o700);
  enableCompileCache(compileCache());
} catch {}
const { run } = await import("./run.ts");
process.exitCode = await run(process.argv.slice(2));
