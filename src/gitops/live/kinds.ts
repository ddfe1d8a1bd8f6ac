import { createHash } from "node:crypto";
import { compareUtf8, formatApiVersion, parseApiVersion, textAt } from "../../apimachinery/index.ts";
import type { Client, DiscoveredResource, Resource } from "../../client/index.ts";

export type KindName = { apiVersion: string; kind: string };

/** What charts are told about a cluster. */
export type ClusterVersions = {
  /** As the server says it, `v1.35.0+skiff`. */
  kubeVersion: string;
  /** Groups with versions, `apps/v1`, and kinds in them, `apps/v1/Deployment`; sorted. */
  apiVersions: readonly string[];
  /** The same as long as both are. */
  id: string;
};

/** What the cluster can store, as far as we know: resources whose objects can be read, listed and watched. */
export type Kinds = {
  /** The resource of a kind in the version that objects of it are watched in. */
  find(group: string, kind: string): Resource | undefined;
  /** The resource of a kind in exactly this version. */
  findVersion(name: KindName): Resource | undefined;
  /** All resources, each in one version. */
  all(): Resource[];
  /** Makes sure that what we know of these kinds is not older than when they could have appeared. */
  prepare(names: Iterable<KindName>): Promise<void>;
  /** What the cluster serves, asked again only when something that defines kinds has changed. */
  versions(): Promise<ClusterVersions>;
  /** Something that defines kinds has changed: asks again when next needed. */
  invalidate(): void;
  /** Grows with each answer of the cluster. */
  readonly generation: number;
};

/**
 * How long an answer that lacks a kind is believed. Definitions that change are noticed through {@link Kinds.invalidate};
 * this is for aggregated APIs, which come without one.
 */
const answerAgeMsMax = 5_000;

const needed = ["get", "list", "watch"];

export function createKinds(client: Client): Kinds {
  let byKind = new Map<string, DiscoveredResource>();
  let byVersion = new Map<string, DiscoveredResource>();
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let generation = 0;
  let asking: Promise<void> | undefined;
  let versions: ClusterVersions = { kubeVersion: "", apiVersions: [], id: "" };

  const ask = async () => {
    // Set before the answer comes: what changes meanwhile may not be in it.
    askedAtMs = performance.now();
    const [discovered, version] = await Promise.all([client.discover(), client.raw("/version")]);
    versions = versionsOf(discovered, version);
    const resources = discovered.filter(({ verbs }) => needed.every((verb) => verbs.includes(verb)));
    byKind = new Map();
    byVersion = new Map();
    for (const resource of resources) {
      const { group, version, kind } = resource;
      byVersion.set(`${group}/${version}/${kind}`, resource);
      if (!byKind.has(`${group}/${kind}`)) byKind.set(`${group}/${kind}`, resource);
    }
    generation++;
  };
  const refresh = async () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    await asking;
  };
  const findVersion = ({ apiVersion, kind }: KindName) => {
    const { group, version } = parseApiVersion(apiVersion);
    return byVersion.get(`${group}/${version}/${kind}`);
  };
  return {
    find: (group, kind) => byKind.get(`${group}/${kind}`),
    findVersion,
    all: () => [...byKind.values()],
    async prepare(names) {
      const isOld = performance.now() - askedAtMs > answerAgeMsMax;
      if (generation > 0 && !isOld) return;
      if (generation > 0 && [...names].every((name) => findVersion(name) !== undefined)) return;
      await refresh();
    },
    async versions() {
      if (askedAtMs === Number.NEGATIVE_INFINITY) await refresh();
      return versions;
    },
    invalidate() {
      askedAtMs = Number.NEGATIVE_INFINITY;
    },
    get generation() {
      return generation;
    },
  };
}

/** Asks a cluster what charts are told about it. */
export async function clusterVersions(client: Client): Promise<ClusterVersions> {
  const [discovered, version] = await Promise.all([client.discover(), client.raw("/version")]);
  return versionsOf(discovered, version);
}

function versionsOf(resources: readonly DiscoveredResource[], version: unknown): ClusterVersions {
  const kubeVersion = textAt(version, "gitVersion");
  const names = new Set<string>();
  for (const { group, version, kind } of resources) {
    const apiVersion = formatApiVersion({ group, version });
    names.add(apiVersion);
    names.add(`${apiVersion}/${kind}`);
  }
  const apiVersions = [...names].sort(compareUtf8);
  const id = createHash("sha256").update(`${kubeVersion}\n${apiVersions.join()}`).digest("hex");
  return { kubeVersion, apiVersions, id };
}
