import type { ApplicationSource } from "../../apis/index.ts";
import type { GitSources } from "../source/file-tree.ts";

/** A push into one of our own repositories. */
export type Push = { owner: string; name: string; refs: readonly { ref: string }[] };

/** Whether a push can change what sources give: it went to one of their repositories, and to what they follow there. */
export function isAffectedByPush(
  sources: readonly Pick<ApplicationSource, "repoURL" | "targetRevision">[],
  push: Push,
  git: Pick<GitSources, "isLocal">,
): boolean {
  return sources.some(({ repoURL, targetRevision }) => {
    const local = git.isLocal(repoURL);
    if (local?.owner.toLowerCase() !== push.owner.toLowerCase()) return false;
    if (local.name.toLowerCase() !== push.name.toLowerCase()) return false;
    return push.refs.some(({ ref }) => mayMean(targetRevision || "HEAD", ref));
  });
}

/** HEAD may be any branch, a version range any tag, the beginning of a commit id anything; a whole one never moves. */
function mayMean(revision: string, ref: string): boolean {
  if (revision === "HEAD") return ref.startsWith("refs/heads/");
  if (/^[0-9a-f]{40}$/.test(revision)) return false;
  const name = ref.replace(/^refs\/(heads|tags)\//, "");
  const isRange = /[*^~<>=|, ]|^v?\d/.test(revision) && ref.startsWith("refs/tags/");
  return name === revision || ref === revision || isRange;
}
