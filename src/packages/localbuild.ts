import { isDeepStrictEqual } from "node:util";
import type { CustomPackage, Localbuild, PackageProblem } from "../apis/index.ts";
import type { Client } from "../client/index.ts";
import type { Result } from "../controller-runtime/index.ts";
import type { Sources } from "../git/index.ts";
import { markObserved } from "./mark-observed.ts";
import { planPackages } from "./plan.ts";
import { type PackageSource, readPackage } from "./read-package.ts";
import { annotations, customPackages, fieldManager, localbuilds } from "./resources.ts";
import type { PathWatches } from "./watch-paths.ts";

/** How often packages that live in Git elsewhere are looked at again; Argo CD's default for repositories. */
const remoteRecheckMs = 180_000;

export type LocalbuildOptions = {
  client: Client;
  sources: Sources;
  watches: PathWatches;
  namespace: string;
  gitUrl: string;
  /** CustomPackages as they are now. */
  existing: () => readonly CustomPackage[];
  /** Called when a watched package may have changed. */
  changed: () => void;
};

/** Reads the packages that a Localbuild names and makes the CustomPackages equal to what is in them. */
export async function reconcileLocalbuild(localbuild: Localbuild, options: LocalbuildOptions): Promise<Result> {
  const given = packagesOf(localbuild);
  options.watches.set(
    "localbuild",
    given.filter(({ type }) => type !== "url").map(({ source }) => source),
    options.changed,
  );
  const all = await Promise.all(given.map(async (source) => await readPackage(source, options.sources)));
  const { wanted, problems } = planPackages({
    packages: all.map(({ read }) => read),
    namespace: options.namespace,
    gitUrl: options.gitUrl,
    startTime: localbuild.metadata.annotations?.[annotations.startTime] ?? "",
  });
  const unreadable = new Set(
    all
      .filter(({ read, problems: found }) => read.applications.length === 0 && found.length > 0)
      .map(({ read }) => read.source),
  );
  await applyPackages(localbuild, wanted, unreadable, options);
  await writeStatus(localbuild, [...all.flatMap((read) => read.problems), ...problems], options);
  const hasRemote = given.some(({ type }) => type === "url");
  if (unreadable.size > 0) return { state: "retry", reason: `Cannot read ${[...unreadable].join(", ")}` };
  return hasRemote ? { state: "again", afterMs: remoteRecheckMs } : { state: "done" };
}

/** The packages in the order they were given. */
function packagesOf(localbuild: Localbuild): PackageSource[] {
  const configs = localbuild.spec.packageConfigs ?? {};
  const all: PackageSource[] = [
    ...(configs.customPackageDirs ?? []).map((source): PackageSource => ({ type: "directory", source })),
    ...(configs.customPackageFiles ?? []).map((source): PackageSource => ({ type: "file", source })),
    ...(configs.customPackageUrls ?? []).map((source): PackageSource => ({ type: "url", source })),
  ];
  const order = orderOf(localbuild);
  const position = ({ source }: PackageSource) => (order.includes(source) ? order.indexOf(source) : order.length);
  return all.toSorted((a, b) => position(a) - position(b));
}

function orderOf(localbuild: Localbuild): string[] {
  try {
    const order: unknown = JSON.parse(localbuild.metadata.annotations?.[annotations.order] ?? "[]");
    return Array.isArray(order) ? order.filter((item) => typeof item === "string") : [];
  } catch {
    return [];
  }
}

async function applyPackages(
  localbuild: Localbuild,
  wanted: readonly CustomPackage[],
  unreadable: ReadonlySet<string>,
  { client, existing }: LocalbuildOptions,
): Promise<void> {
  const owner = {
    apiVersion: "idpbuilder.cnoe.io/v1alpha1",
    kind: "Localbuild",
    name: localbuild.metadata.name ?? "",
    uid: localbuild.metadata.uid ?? "",
  };
  for (const item of wanted) {
    const object = { ...item, metadata: { ...item.metadata, ownerReferences: [owner] } };
    await client.patch(customPackages, nameOf(item), "apply", object, { fieldManager, force: true });
  }
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  for (const item of existing()) {
    const ours = item.metadata.ownerReferences?.some(({ uid }) => uid === owner.uid);
    // A package that cannot be read just now is no reason to take its applications away.
    const kept = unreadable.has(item.metadata.annotations?.[annotations.sourcePath] ?? "");
    if (ours && !kept && !names.has(item.metadata.name)) await client.delete(customPackages, nameOf(item));
  }
}

function nameOf({ metadata }: CustomPackage) {
  return { name: metadata.name ?? "", namespace: metadata.namespace ?? "" };
}

async function writeStatus(
  localbuild: Localbuild,
  problems: readonly PackageProblem[],
  { client, gitUrl }: LocalbuildOptions,
): Promise<void> {
  const status: Localbuild["status"] = {
    observedGeneration: localbuild.metadata.generation ?? 0,
    ArgoCD: { available: true },
    nginx: { available: true },
    gitea: {
      available: true,
      externalURL: gitUrl,
      internalURL: gitUrl,
      adminUserSecretNameecret: "gitea-credential",
      adminUserSecretNamespace: "gitea",
    },
    problems: [...problems],
  };
  if (!isDeepStrictEqual(localbuild.status, status)) {
    const name = { name: localbuild.metadata.name ?? "" };
    await client.patch(localbuilds, name, "merge", { status }, { fieldManager, subresource: "status" });
  }
  await markObserved(localbuilds, localbuild, client);
}
