import { cloneJson, formatGoJson, type KubeObject, StatusError } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import type { SharedInformer } from "../../controller-runtime/index.ts";
import { comparableTemplate } from "./hash.ts";
import { type ControllerRevision, compareNames, controllerRevisions, type PodTemplate, timeMs } from "./kinds.ts";

/**
 * The data of a revision: a strategic merge patch that puts the template back as it was. Clients make it of the template
 * themselves and compare the bytes, so its fields are in the order of Go.
 */
export function revisionData(template: PodTemplate): Record<string, unknown> {
  return JSON.parse(dataText({ spec: { template: { ...comparableTemplate(template), $patch: "replace" } } }));
}

/** The data as Go writes it; revisions with the same text are the same. */
export function dataText(data: unknown): string {
  return formatGoJson(data);
}

/** The template that a revision holds; `undefined` when it holds none. */
export function templateIn({ data }: ControllerRevision): PodTemplate | undefined {
  const template = data?.spec?.template;
  if (template === undefined) return undefined;
  const { $patch: _, ...rest } = template as PodTemplate & { $patch?: string };
  return cloneJson(rest);
}

/** Orders revisions from the first; those of one number by age. */
export function byNumber(a: ControllerRevision, b: ControllerRevision): number {
  if (a.revision !== b.revision) return a.revision - b.revision;
  const older = (timeMs(a.metadata.creationTimestamp) ?? 0) - (timeMs(b.metadata.creationTimestamp) ?? 0);
  return older !== 0 ? older : compareNames(a, b);
}

export type Revisions = {
  /** @returns `undefined` when the name is taken */
  create(revision: ControllerRevision): Promise<ControllerRevision | undefined>;
  get(namespace: string | undefined, name: string): Promise<ControllerRevision | undefined>;
  update(revision: ControllerRevision): Promise<ControllerRevision>;
  remove(revision: KubeObject): Promise<void>;
};

/** Writes revisions and waits until the cache shows it. */
export function createRevisions(client: Client, informer: SharedInformer<ControllerRevision>): Revisions {
  return {
    async create(revision) {
      try {
        const created = await client.create(controllerRevisions, revision);
        await informer.reached(created.metadata.resourceVersion);
        return created;
      } catch (error) {
        if (error instanceof StatusError && error.reason === "AlreadyExists") return undefined;
        throw error;
      }
    },
    get: async (namespace, name) => await client.get<ControllerRevision>(controllerRevisions, { namespace, name }),
    async update(revision) {
      const updated = await client.update(controllerRevisions, revision);
      await informer.reached(updated.metadata.resourceVersion);
      return updated;
    },
    async remove(revision) {
      const { namespace, name = "" } = revision.metadata;
      await client.delete(controllerRevisions, { namespace, name });
      await informer.gone(revision);
    },
  };
}
