import { readFile } from "node:fs/promises";
import { posix } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type KubeObject, StatusError } from "../apimachinery/index.ts";
import type { CustomPackage, GitRepository } from "../apis/index.ts";
import type { Client } from "../client/index.ts";
import type { Result } from "../controller-runtime/index.ts";
import type { Sources } from "../git/index.ts";
import { errorText } from "../lib/index.ts";
import { type PackagedApplication, parseApplicationFile } from "./application-file.ts";
import { markObserved } from "./mark-observed.ts";
import { remoteFiles } from "./remote-content.ts";
import { repositoriesFor } from "./repositories-for.ts";
import {
  annotations,
  applicationFinalizer,
  argoResource,
  customPackages,
  fieldManager,
  gitRepositories,
  labels,
  namespaces,
} from "./resources.ts";
import { cnoePaths, rewriteCnoeUrls } from "./rewrite.ts";

/** How long a remote package may take to be read again; it was fetched once already. */
const remoteReadMs = 60_000;

export type CustomPackageOptions = {
  client: Client;
  sources: Sources;
  owner: string;
  packages: () => readonly CustomPackage[];
  repository: (namespace: string, name: string) => GitRepository | undefined;
};

/** Brings the Application of a package into the cluster, after the repositories that its `cnoe://` sources become. */
export async function reconcileCustomPackage(item: CustomPackage, options: CustomPackageOptions): Promise<Result> {
  if (item.metadata.deletionTimestamp !== undefined) return await removeApplication(item, options);
  try {
    const application = await readApplication(item, options.sources);
    const repositories = repositoriesFor(item, cnoePaths(application.object), options.owner);
    for (const { object } of repositories) await applyRepository(object, options.client);
    const live = repositories.map(({ object }) =>
      options.repository(object.metadata.namespace ?? "", object.metadata.name ?? ""),
    );
    const waiting = live.findIndex((repository) => repository?.status?.synced !== true);
    if (waiting >= 0) {
      const name = repositories[waiting]?.object.metadata.name;
      const why = live[waiting]?.status?.message;
      await writeStatus(
        item,
        { synced: false, message: `waiting for GitRepository ${name}${why ? `: ${why}` : ""}` },
        options.client,
      );
      return { state: "done" };
    }
    const urls = new Map(
      repositories.map(({ path }, index) => [path, live[index]?.status?.internalGitRepositoryUrl ?? ""]),
    );
    await applyApplication(
      item,
      rewriteCnoeUrls(application.object, (path) => urls.get(path) ?? ""),
      options.client,
    );
    const gitRepositoryRefs = live.flatMap((repository) => (repository === undefined ? [] : [referenceTo(repository)]));
    await writeStatus(
      item,
      { synced: true, ...(gitRepositoryRefs.length > 0 ? { gitRepositoryRefs } : {}) },
      options.client,
    );
    return { state: "done" };
  } catch (error) {
    const refused = error instanceof StatusError && ["Invalid", "BadRequest", "Forbidden"].includes(error.reason);
    const message = refused ? `${item.spec.argoCD.applicationFile}: ${error.message}` : errorText(error);
    await writeStatus(item, { synced: false, message, ...(refused ? { refused } : {}) }, options.client);
    return { state: "retry", reason: message };
  }
}

async function readApplication(item: CustomPackage, sources: Sources): Promise<PackagedApplication> {
  const { applicationFile: file, name, namespace, type } = item.spec.argoCD;
  const content = await readApplicationFile(item, sources);
  const { applications, problems } = parseApplicationFile(file, content);
  const found = applications.find((one) => one.kind === type && one.name === name && one.namespace === namespace);
  if (found === undefined)
    throw new Error(problems[0]?.message ?? `${file} holds no ${type} ${namespace}/${name} any more`);
  return found;
}

async function readApplicationFile(item: CustomPackage, sources: Sources): Promise<string> {
  const { applicationFile: file } = item.spec.argoCD;
  const remote = item.spec.remoteRepository;
  if (remote === undefined) return await readFile(file, "utf8");
  const path = posix.dirname(file) === "." ? "" : posix.dirname(file);
  const name = posix.basename(file);
  const files = await remoteFiles(
    remote,
    sources,
    { path, wanted: (one) => one === name },
    AbortSignal.timeout(remoteReadMs),
  );
  const found = files.get(name);
  if (found === undefined) throw new Error(`${remote.url} has no ${file} at ${remote.ref ?? "HEAD"}`);
  return Buffer.from(found.bytes).toString();
}

async function applyRepository(repository: GitRepository, client: Client): Promise<void> {
  const { name = "", namespace = "" } = repository.metadata;
  await client.patch(gitRepositories, { name, namespace }, "apply", repository, { fieldManager, force: true });
}

async function applyApplication(item: CustomPackage, object: KubeObject, client: Client): Promise<void> {
  const { name, namespace, type } = item.spec.argoCD;
  const { labels: own, annotations: notes, finalizers } = object.metadata;
  const applied = {
    ...object,
    metadata: {
      name,
      namespace,
      labels: { ...own, [labels.packageName]: name, [labels.packageType]: "custom" },
      annotations: {
        ...notes,
        [annotations.priority]: item.metadata.annotations?.[annotations.priority] ?? "0",
        [annotations.sourcePath]: item.metadata.annotations?.[annotations.sourcePath] ?? "",
      },
      ...(finalizers === undefined ? {} : { finalizers }),
    },
    status: undefined,
  };
  await ensureNamespace(namespace, client);
  const at = { name, namespace };
  await client.patch(argoResource(type), at, "apply", applied, { fieldManager, force: true });
}

async function ensureNamespace(name: string, client: Client): Promise<void> {
  if ((await client.get(namespaces, { name })) !== undefined) return;
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } }, { fieldManager });
}

/** Deletes the Application unless another package brings the same one, and then lets the CustomPackage go. */
async function removeApplication(item: CustomPackage, { client, packages }: CustomPackageOptions): Promise<Result> {
  if (!item.metadata.finalizers?.includes(applicationFinalizer)) return { state: "done" };
  const { name, namespace, type } = item.spec.argoCD;
  const same = (other: CustomPackage) =>
    isDeepStrictEqual(
      [other.spec.argoCD.type, other.spec.argoCD.namespace, other.spec.argoCD.name],
      [type, namespace, name],
    );
  const taken = packages().some(
    (other) =>
      other.metadata.uid !== item.metadata.uid && other.metadata.deletionTimestamp === undefined && same(other),
  );
  if (!taken) {
    const live = await client.get(argoResource(type), { name, namespace });
    if (live?.metadata.labels?.[labels.packageType] === "custom")
      await client.delete(argoResource(type), { name, namespace });
  }
  const finalizers = item.metadata.finalizers.filter((finalizer) => finalizer !== applicationFinalizer);
  const { resourceVersion } = item.metadata;
  await client.patch(
    customPackages,
    nameOf(item),
    "merge",
    { metadata: { resourceVersion, finalizers } },
    { fieldManager },
  );
  return { state: "done" };
}

function referenceTo(repository: GitRepository) {
  const { name = "", namespace = "", uid = "" } = repository.metadata;
  return { apiVersion: repository.apiVersion, kind: repository.kind, name, namespace, uid };
}

function nameOf({ metadata }: CustomPackage) {
  return { name: metadata.name ?? "", namespace: metadata.namespace ?? "" };
}

async function writeStatus(item: CustomPackage, status: CustomPackage["status"], client: Client): Promise<void> {
  if (!isDeepStrictEqual(item.status, status)) {
    const { message = null, refused = null, gitRepositoryRefs = null, synced } = status ?? {};
    await client.patch(
      customPackages,
      nameOf(item),
      "merge",
      { status: { synced, message, refused, gitRepositoryRefs } },
      { fieldManager, subresource: "status" },
    );
  }
  await markObserved(customPackages, item, client);
}
