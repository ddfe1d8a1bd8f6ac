import { existsSync, readFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { stringifyYaml } from "../../apimachinery/index.ts";
import { CliError } from "../errors.ts";

/** Version of this copy of Skiff, from its package.json. */
export function skiffVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(manifestAbove(import.meta.dirname), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown";
}

/** How deep this module lies below it depends on whether it is in a bundle. */
function manifestAbove(folder: string): string {
  const file = join(folder, "package.json");
  return existsSync(file) || folder === dirname(folder) ? file : manifestAbove(dirname(folder));
}

export function version(output: string): void {
  const facts = { skiffVersion: skiffVersion(), nodeVersion: process.version, os: platform(), arch: arch() };
  const line = `skiff ${facts.skiffVersion} node ${facts.nodeVersion} ${facts.os}/${facts.arch}\n`;
  switch (output) {
    case "":
    case "wide":
      process.stdout.write(line);
      return;
    case "json":
      process.stdout.write(`${JSON.stringify(facts)}\n`);
      return;
    case "yaml":
      process.stdout.write(stringifyYaml(facts));
      return;
    default:
      throw new CliError("usage", { why: `invalid output format: ${output}`, command: "skiff version" });
  }
}
