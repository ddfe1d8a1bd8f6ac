import type { Revisions } from "./origin.ts";
import { isAboutCluster, repositoryOfRead } from "./reads.ts";
import type { Render } from "./render-cache.ts";

/** Remembers what the sources of one application gave, so that commits that change nothing in them cost nothing. */
export type SourceMemory = {
  revisions: Revisions;
  /** The last render of each source, by key. */
  renders: Map<string, Render>;
};

/** More sources than any application we know of has (five); what an application no longer uses must not pile up. */
const rememberedMax = 64;

export function createSourceMemory(): SourceMemory {
  return { revisions: new Map(), renders: new Map() };
}

export function rememberRender({ renders }: SourceMemory, key: string, render: Render): void {
  if (renders.size >= rememberedMax) renders.clear();
  renders.set(key, render);
}

/** The repositories beyond their own from which the sources of an application have taken something, and what they follow there. */
export function basesOf(memory: SourceMemory): { repoURL: string; targetRevision: string }[] {
  return readsOf(memory).flatMap((read) => {
    const followed = repositoryOfRead(read);
    return followed === undefined ? [] : [{ repoURL: followed.repoURL, targetRevision: followed.revision }];
  });
}

/** Whether what the sources of an application gave can depend on what the cluster serves. */
export function dependsOnCluster(memory: SourceMemory): boolean {
  return readsOf(memory).some(isAboutCluster);
}

function readsOf({ renders }: SourceMemory): string[] {
  return [...renders.values()].flatMap(({ reads }) => [...reads.keys()]);
}
