// Puts the data files that sources read at run time beside the compiled ones; tsc leaves them out.
import { cpSync, globSync } from "node:fs";
import { join } from "node:path";

for (const file of globSync("src/**/*.generated.json")) cpSync(file, join("dist", file.slice("src/".length)));
