import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { Application } from "../../apis/index.ts";
import { parseApplication } from "../../apis/index.ts";
import { errorText } from "../../lib/index.ts";
import { parseApplicationFile, rewriteCnoeUrls } from "../../packages/index.ts";
import { readArchive } from "../../render/index.ts";
import { CliError } from "../errors.ts";
import { archiveTree, type LocalRepository, remotesOf, type WorkingTree, workingTreeAt } from "./working-tree.ts";

/**
 * What is to be rendered.
 *
 * @property isBare whether it is a directory or a packed chart, for which there is no application: objects are shown as its tool gives them
 * @property local repositories that are on this machine, by the URLs in the applications
 */
export type Found = { applications: Application[]; isBare: boolean; local: Map<string, LocalRepository> };

const trackingPointer = "/metadata/annotations/argocd.argoproj.io~1tracking-id";
const inCluster = "https://kubernetes.default.svc";
/** Helm's name for a release that nobody has named. */
const releaseName = "release-name";

/** @returns `undefined` when there is no such file or directory */
export function findOnDisk(what: string, options: { name: string | undefined; namespace: string }): Found | undefined {
  const stats = statSync(what, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return ofDirectory(realpathSync(what), options);
  if (stats?.isFile() !== true) return undefined;
  const content = readFileSync(what);
  return isGzip(content) ? ofArchive(content, what, options) : ofFile({ file: resolve(what), shown: what }, content);
}

function isGzip(content: Buffer): boolean {
  return content[0] === 0x1f && content[1] === 0x8b;
}

type ReleaseOptions = { name: string | undefined; namespace: string };

function ofArchive(content: Buffer, shown: string, options: ReleaseOptions): Found {
  return ofTree(archiveTree(resolve(shown), unpacked(content, shown)), ".", options);
}

function unpacked(content: Buffer, shown: string): Map<string, Uint8Array> {
  try {
    return new Map(readArchive(content).map(({ path, bytes }) => [path, bytes]));
  } catch (error) {
    const why = `${shown} is not a packed chart, as helm package makes them: ${errorText(error)}`;
    throw new CliError("render-failed", { why }, { cause: error });
  }
}

function ofDirectory(directory: string, options: ReleaseOptions): Found {
  const tree = workingTreeAt(directory);
  return ofTree(tree, relative(tree.git, directory) || ".", options);
}

function ofTree(tree: WorkingTree, path: string, { name = releaseName, namespace }: ReleaseOptions): Found {
  const source = { repoURL: tree.git, path };
  const application: Application = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name },
    spec: {
      project: "default",
      source,
      destination: { server: inCluster, namespace },
      // Nobody knows whose the objects are in the cluster.
      ignoreDifferences: [{ group: "*", kind: "*", jsonPointers: [trackingPointer] }],
    },
  };
  return { applications: [application], isBare: true, local: new Map([[tree.git, tree]]) };
}

function ofFile({ file, shown }: { file: string; shown: string }, content: Buffer): Found {
  const { applications, problems } = parseApplicationFile(shown, content.toString());
  const wrong = problems.find(({ severity }) => severity === "error") ?? problems[0];
  if (applications.length === 0 || wrong?.severity === "error")
    throw new CliError("render-failed", { why: wrong?.message ?? `${shown} holds no Application` });
  const local = new Map<string, LocalRepository>();
  const found = applications.map(({ kind, name, object }) => {
    if (kind === "ApplicationSet") {
      const why = `${shown}: ${name} is an ApplicationSet; render the Applications that it makes, by their names`;
      throw new CliError("render-failed", { why });
    }
    const rewritten = rewriteCnoeUrls(object, (path) => {
      const root = join(dirname(file), path);
      const tree = workingTreeAt(root);
      local.set(root, { ...tree, path: relative(tree.git, root) });
      return root;
    });
    return parsed(rewritten, shown);
  });
  addWorkingTree(workingTreeAt(dirname(file)), found, local);
  return { applications: found, isBare: false, local };
}

function parsed(object: Parameters<typeof parseApplication>[0], shown: string): Application {
  try {
    return parseApplication(object);
  } catch (error) {
    throw new CliError("render-failed", { why: `${shown}: ${errorText(error)}` }, { cause: error });
  }
}

/** A source in the repository that the file itself is in means the files beside it, as they are now. */
function addWorkingTree(
  tree: WorkingTree,
  applications: readonly Application[],
  local: Map<string, LocalRepository>,
): void {
  const remotes = new Set(remotesOf(tree).map(withoutSuffix));
  for (const { source, sources = [] } of applications.map(({ spec }) => spec)) {
    for (const { repoURL } of [...sources, ...(source === undefined ? [] : [source])])
      if (!local.has(repoURL) && remotes.has(withoutSuffix(repoURL))) local.set(repoURL, tree);
  }
}

function withoutSuffix(url: string): string {
  return url.replace(/\/+$/, "").replace(/\.git$/, "");
}
