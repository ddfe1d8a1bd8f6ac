import { revisionHash } from "./hash.ts";
import { type ControllerRevision, controllerReference, type StatefulSet, statefulSets } from "./kinds.ts";
import { byNumber, dataText, type Revisions, revisionData, templateIn } from "./revisions.ts";

/** Hashes of 32 bits hardly ever collide once; a name that is taken this often is taken by something else. */
const collisionsMax = 10;
/** Room for the hash in a name of 253 characters; the number is Kubernetes'. */
const prefixLengthMax = 223;

export type StatefulHistory = { current: ControllerRevision; update: ControllerRevision; collisionCount: number };

/**
 * The revision of a set's template: one that is there, moved to the end if an older template came back, or a new one.
 *
 * @param known revisions of the set
 */
export async function syncHistory(
  set: StatefulSet,
  known: readonly ControllerRevision[],
  revisions: Revisions,
): Promise<StatefulHistory> {
  const ordered = known.toSorted(byNumber);
  const latest = ordered.at(-1);
  const data = revisionData(set.spec.template);
  const text = dataText(data);
  const same = ordered.filter((revision) => textOf(revision) === text).at(-1);
  const next = (latest?.revision ?? 0) + 1;
  let collisionCount = set.status?.collisionCount ?? 0;
  let update: ControllerRevision;
  if (same !== undefined) {
    update = same === latest ? same : await revisions.update({ ...same, revision: next });
  } else {
    const made = await create(set, data, text, next, collisionCount, revisions);
    update = made.revision;
    collisionCount = made.collisionCount;
  }
  const current = ordered.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
  return { current, update, collisionCount };
}

function textOf(revision: ControllerRevision): string {
  const template = templateIn(revision);
  return template === undefined ? "" : dataText(revisionData(template));
}

async function create(
  set: StatefulSet,
  data: object,
  text: string,
  revision: number,
  known: number,
  revisions: Revisions,
): Promise<{ revision: ControllerRevision; collisionCount: number }> {
  const { name = "", namespace, annotations } = set.metadata;
  for (let collisionCount = known; collisionCount < known + collisionsMax; collisionCount++) {
    const hash = revisionHash(text, collisionCount);
    const wanted: ControllerRevision = {
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      metadata: {
        name: `${name.slice(0, prefixLengthMax)}-${hash}`,
        namespace,
        labels: { ...set.spec.template.metadata?.labels, "controller.kubernetes.io/hash": hash },
        ...(annotations === undefined ? {} : { annotations }),
        ownerReferences: [controllerReference(statefulSets, set)],
      },
      data,
      revision,
    };
    const created = await revisions.create(wanted);
    if (created !== undefined) return { revision: created, collisionCount };
    const taken = await revisions.get(namespace, wanted.metadata.name ?? "");
    if (taken !== undefined && dataText(taken.data) === text) return { revision: taken, collisionCount };
  }
  throw new Error(`Cannot create a revision of StatefulSet ${namespace}/${name}: its names are taken`);
}

/**
 * The revisions that nobody uses, beyond those that the history keeps.
 *
 * @param live names of revisions that pods have
 */
export function outdatedRevisions(
  set: StatefulSet,
  known: readonly ControllerRevision[],
  { current, update }: StatefulHistory,
  live: ReadonlySet<string>,
): ControllerRevision[] {
  const used = new Set([...live, current.metadata.name, update.metadata.name]);
  const idle = known.toSorted(byNumber).filter(({ metadata }) => !used.has(metadata.name));
  return idle.slice(0, Math.max(0, idle.length - (set.spec.revisionHistoryLimit ?? 10)));
}
