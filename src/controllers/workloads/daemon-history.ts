import type { Client } from "../../client/index.ts";
import { hashLabel } from "./daemon-pod.ts";
import { templateHash } from "./hash.ts";
import {
  type ControllerRevision,
  controllerReference,
  type DaemonSet,
  daemonSets,
  type Pod,
  pods as podResource,
} from "./kinds.ts";
import { byNumber, dataText, type Revisions, revisionData, templateIn } from "./revisions.ts";

export type DaemonHistory = { current: ControllerRevision; old: ControllerRevision[]; hash: string };

/**
 * The revision of a set's template: one that is there, moved to the end if an older template came back, or a new one.
 *
 * @param known revisions that the set controls
 * @param pods those of the set; they follow when two revisions of one template become one
 * @throws {Error} when the name of a new revision is taken by another template's; the set's status then counts it
 */
export async function syncDaemonHistory(
  client: Client,
  set: DaemonSet,
  known: readonly ControllerRevision[],
  pods: readonly Pod[],
  revisions: Revisions,
): Promise<DaemonHistory> {
  const text = dataText(revisionData(set.spec.template));
  const marked: ControllerRevision[] = [];
  for (const revision of known) marked.push(await withHash(revision, revisions));
  const same = marked.filter((revision) => textOf(revision) === text);
  const old = marked.filter((revision) => !same.includes(revision));
  const number = Math.max(0, ...old.map(({ revision }) => revision)) + 1;
  let current = same.toSorted(byNumber).at(-1) ?? (await create(client, set, number, text, revisions));
  for (const double of same) if (double !== current) await merge(client, double, current, pods, revisions);
  if (current.revision < number) current = await revisions.update({ ...current, revision: number });
  return { current, old, hash: hashOf(current) ?? "" };
}

function hashOf({ metadata }: ControllerRevision | Pod): string | undefined {
  return metadata.labels?.[hashLabel];
}

function textOf(revision: ControllerRevision): string {
  const template = templateIn(revision);
  return template === undefined ? "" : dataText(revisionData(template));
}

async function withHash(revision: ControllerRevision, revisions: Revisions): Promise<ControllerRevision> {
  if (hashOf(revision) !== undefined) return revision;
  const { metadata } = revision;
  const labels = { ...metadata.labels, [hashLabel]: metadata.name ?? "" };
  return await revisions.update({ ...revision, metadata: { ...metadata, labels } });
}

/** Gives the pods of a revision to another one with the same template. */
async function merge(
  client: Client,
  double: ControllerRevision,
  kept: ControllerRevision,
  pods: readonly Pod[],
  revisions: Revisions,
): Promise<void> {
  const labels = { [hashLabel]: hashOf(kept) };
  for (const pod of pods.filter((each) => hashOf(each) === hashOf(double))) {
    const { namespace, name = "" } = pod.metadata;
    await client.patch(podResource, { namespace, name }, "merge", { metadata: { labels } });
  }
  await revisions.remove(double);
}

async function create(
  client: Client,
  set: DaemonSet,
  revision: number,
  text: string,
  revisions: Revisions,
): Promise<ControllerRevision> {
  const { name, namespace, annotations } = set.metadata;
  const hash = templateHash(set.spec.template, set.status?.collisionCount);
  const wanted: ControllerRevision = {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...set.spec.template.metadata?.labels, [hashLabel]: hash },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerReference(daemonSets, set)],
    },
    data: revisionData(set.spec.template),
    revision,
  };
  const created = await revisions.create(wanted);
  if (created !== undefined) return created;
  const taken = await revisions.get(namespace, `${name}-${hash}`);
  if (taken !== undefined && textOf(taken) === text) return taken;
  const status = { ...set.status, collisionCount: (set.status?.collisionCount ?? 0) + 1 };
  await client.update(daemonSets, { ...set, status }, { subresource: "status" });
  throw new Error(`Cannot create revision ${name}-${hash} of DaemonSet ${namespace}/${name}: its name is taken`);
}

/** The revisions that no pod has, beyond those that the history keeps, the oldest first. */
export function outdatedDaemonRevisions(
  set: DaemonSet,
  old: readonly ControllerRevision[],
  pods: readonly Pod[],
): ControllerRevision[] {
  const live = new Set(pods.map(hashOf));
  const surplus = Math.max(0, old.length - (set.spec.revisionHistoryLimit ?? 10));
  const idle = old.toSorted(byNumber).filter((revision) => !live.has(hashOf(revision)));
  return idle.slice(0, surplus);
}
