import { type FunctionTable, fn, string } from "../signature.ts";

const isAbsolute = (path: string) => path.startsWith("/");

/** Paths with slashes; those of the operating system are the same, as on Linux. */
export const pathFunctions: FunctionTable = {
  base: fn([string], baseName),
  dir: fn([string], directory),
  clean: fn([string], cleanPath),
  ext: fn([string], extension),
  isAbs: fn([string], isAbsolute),
  osBase: fn([string], baseName),
  osDir: fn([string], directory),
  osClean: fn([string], cleanPath),
  osExt: fn([string], extension),
  osIsAbs: fn([string], isAbsolute),
};

/** `path.Base`: the last element, `.` for an empty path. */
export function baseName(path: string): string {
  if (path === "") return ".";
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  return path.slice(path.lastIndexOf("/", end - 1) + 1, end) || "/";
}

function directory(path: string): string {
  return cleanPath(path.slice(0, path.lastIndexOf("/") + 1));
}

/** `path.Clean`: the shortest path of the same meaning. */
export function cleanPath(path: string): string {
  const root = isAbsolute(path) ? "/" : "";
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (root === "") parts.push(part);
  }
  return root + parts.join("/") || ".";
}

function extension(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot);
}
