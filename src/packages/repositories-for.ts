import { createHash } from "node:crypto";
import { dirname, join, posix } from "node:path";
import type { CustomPackage, GitRepository } from "../apis/index.ts";
import { annotations } from "./resources.ts";

/**
 * The repositories that the `cnoe://` sources of a package become, named `<application>-<directory>` as idpbuilder does.
 * Two directories of one name would share a repository there; here the later one gets a suffix.
 *
 * @param paths relative paths as they stand after `cnoe://`
 * @param owner account on the Git server that the repositories belong to
 */
export function repositoriesFor(
  item: CustomPackage,
  paths: readonly string[],
  owner: string,
): { path: string; object: GitRepository }[] {
  const taken = new Map<string, string>();
  return paths.map((path) => {
    const content = contentPath(item, path);
    const plain = nameFrom(`${item.spec.argoCD.name}-${posix.basename(content === "" ? remoteName(item) : content)}`);
    const clash = taken.get(plain) !== undefined && taken.get(plain) !== content;
    const name = clash ? `${plain}-${createHash("sha256").update(content).digest("hex").slice(0, 7)}` : plain;
    taken.set(name, content);
    return { path, object: gitRepository(item, name, content, owner) };
  });
}

function gitRepository(item: CustomPackage, name: string, content: string, owner: string): GitRepository {
  const remote = item.spec.remoteRepository;
  const notes = item.metadata.annotations ?? {};
  const copied = [annotations.startTime, annotations.priority, annotations.sourcePath];
  return {
    apiVersion: "idpbuilder.cnoe.io/v1alpha1",
    kind: "GitRepository",
    metadata: {
      name,
      namespace: item.metadata.namespace ?? "",
      annotations: Object.fromEntries(copied.map((key) => [key, notes[key] ?? ""])),
      ownerReferences: [
        { apiVersion: item.apiVersion, kind: item.kind, name: item.metadata.name ?? "", uid: item.metadata.uid ?? "" },
      ],
    },
    spec: {
      source:
        remote === undefined
          ? { type: "local", path: content }
          : { type: "remote", remoteRepository: { ...remote, path: content } },
      provider: {
        name: "gitea",
        gitURL: item.spec.gitServerURL,
        internalGitURL: item.spec.internalGitServeURL,
        organizationName: owner,
      },
      secretRef: item.spec.gitServerAuthSecretRef,
    },
  };
}

/** What a relative `cnoe://` path means: a directory on this machine, or one inside the package's repository. */
function contentPath(item: CustomPackage, relativePath: string): string {
  const { applicationFile } = item.spec.argoCD;
  if (item.spec.remoteRepository === undefined) return join(dirname(applicationFile), relativePath);
  const path = posix.join(posix.dirname(applicationFile), relativePath).replace(/\/+$/, "");
  if (path === ".." || path.startsWith("../"))
    throw new Error(`${applicationFile}: cnoe://${relativePath} leaves the repository`);
  return path === "." ? "" : path;
}

function remoteName(item: CustomPackage): string {
  return posix.basename(item.spec.remoteRepository?.url ?? "").replace(/\.git$/, "");
}

/** Directory names may hold what object names may not. */
function nameFrom(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
}
