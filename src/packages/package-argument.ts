import { statSync } from "node:fs";
import { resolve } from "node:path";
import { errorText } from "../lib/index.ts";
import { parseRemoteUrl } from "./remote-url.ts";

/** One `-p` of the command line. `path` is absolute; `url` is kept as it was written. */
export type PackageArgument = { type: "directory" | "file"; path: string } | { type: "url"; url: string };

/**
 * Says what a `-p` names: a remote URL, a directory or a YAML file.
 *
 * @param cwd what relative paths start from
 * @throws {Error} in idpbuilder's words when it is none of these
 */
export function parsePackageArgument(text: string, cwd: string): PackageArgument {
  if (parseRemoteUrl(text) !== undefined) return { type: "url", url: text };
  const path = resolve(cwd, text);
  let found: ReturnType<typeof statSync>;
  try {
    found = statSync(path);
  } catch (error) {
    throw new Error(`failed to validate path ${path} : ${missingText(error)}`);
  }
  if (found.isDirectory()) return { type: "directory", path };
  if (!found.isFile()) throw new Error(`failed to validate path ${path} : it is neither a directory nor a file`);
  if (!/\.ya?ml$/.test(path))
    throw new Error(`failed to validate path ${path} : a package file must end in .yaml or .yml`);
  return { type: "file", path };
}

function missingText(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file or directory";
  if (code === "EACCES") return "permission denied";
  return errorText(error);
}
