import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PackageProblem } from "../apis/index.ts";
import type { Sources } from "../git/index.ts";
import { errorText } from "../lib/index.ts";
import { parseApplicationFile } from "./application-file.ts";
import type { ReadPackage } from "./plan.ts";
import { remoteFiles } from "./remote-content.ts";
import { parseRemoteUrl } from "./remote-url.ts";

export type PackageSource = { type: "directory" | "file" | "url"; source: string };

const isYaml = (name: string) => /\.ya?ml$/.test(name);
/** Only files directly in the directory count, as with idpbuilder: what lies deeper belongs to the Applications. */
const isPackageFile = (path: string) => !path.includes("/") && isYaml(path);

/** Reads one package; what cannot be used becomes a problem that names file and line, never an exception. */
export async function readPackage(
  { type, source }: PackageSource,
  sources: Sources,
): Promise<{ read: ReadPackage; problems: PackageProblem[] }> {
  try {
    if (type === "url") return await readRemote(source, sources);
    const files = type === "file" ? [source] : await yamlFilesOf(source);
    const contents = await Promise.all(files.map(async (file) => ({ file, content: await readFile(file, "utf8") })));
    return fromFiles(source, contents);
  } catch (error) {
    return {
      read: { source, applications: [] },
      problems: [{ source, message: `Cannot read package ${source}: ${errorText(error)}`, severity: "error" }],
    };
  }
}

async function yamlFilesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && isYaml(entry.name))
    .map((entry) => join(directory, entry.name))
    .sort();
}

async function readRemote(
  source: string,
  sources: Sources,
): Promise<{ read: ReadPackage; problems: PackageProblem[] }> {
  const remote = parseRemoteUrl(source);
  if (remote === undefined) throw new Error("it is not a URL");
  const top = await remoteFiles(
    remote,
    sources,
    { path: remote.path, wanted: isPackageFile },
    AbortSignal.timeout(remote.timeoutMs),
  );
  const contents = [...top].map(([path, { bytes }]) => ({
    file: remote.path === "" ? path : `${remote.path}/${path}`,
    content: Buffer.from(bytes).toString(),
  }));
  const { read, problems } = fromFiles(source, contents);
  const { url, ref, path, cloneSubmodules } = remote;
  return { read: { ...read, remote: { url, ...(ref === undefined ? {} : { ref }), path, cloneSubmodules } }, problems };
}

function fromFiles(source: string, contents: readonly { file: string; content: string }[]) {
  const parsed = contents.map(({ file, content }) => parseApplicationFile(file, content));
  const applications = parsed.flatMap((file) => file.applications);
  const problems = parsed.flatMap((file) => file.problems).map((problem) => ({ source, ...problem }));
  if (contents.length === 0)
    problems.push({ source, file: source, message: `${source} holds no .yaml or .yml file`, severity: "error" });
  return { read: { source, applications }, problems };
}
