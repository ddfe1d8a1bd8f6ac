import type { Prerequisite, RequiredCrd, RequiredPod } from "./prerequisite.ts";

/** What a cluster has: the resources that its discovery names, and its pods. */
export type ClusterFacts = {
  resources: readonly { group: string; version: string; kind: string; plural: string; singular: string }[];
  pods: readonly { namespace: string; name: string; phase: string; terminating: boolean }[];
};

/** One thing that was looked for. */
export type VerifyLine = { isMet: boolean; text: string };
export type Verdict = { lines: VerifyLine[]; errors: string[] };

const apiVersion = "cnoe.io/v1alpha1";
const kind = "Prerequisite";

/**
 * Says what of some prerequisites a cluster has, in the words and the order of `cnoe k8s verify`. A pod for which no state is asked
 * is shown when it is there.
 */
export function judgePrerequisites(prerequisites: readonly Prerequisite[], facts: ClusterFacts): Verdict {
  const verdict: Verdict = { lines: [], errors: [] };
  for (const prerequisite of prerequisites) {
    if (prerequisite.apiVersion !== apiVersion || prerequisite.kind !== kind) {
      verdict.errors.push(`apiVersion or kind not matching ${apiVersion}:${kind}`);
      continue;
    }
    if (prerequisite.name === "") verdict.errors.push("missing metadata.name");
    for (const crd of prerequisite.crds) judgeCrd(prerequisite.name, crd, facts, verdict);
    for (const pod of prerequisite.pods) judgePod(prerequisite.name, pod, facts, verdict);
  }
  return verdict;
}

function judgeCrd(name: string, crd: RequiredCrd, { resources }: ClusterFacts, { lines, errors }: Verdict): void {
  const [group, version, wanted] = [crd.group, crd.version, crd.kind].map((text) => text.toLowerCase());
  const isMet = resources.some(
    (resource) =>
      resource.group === group &&
      resource.version === version &&
      [resource.plural, resource.singular, resource.kind.toLowerCase()].includes(wanted ?? ""),
  );
  const text = `${crd.group}/${crd.version}, Kind=${crd.kind}`;
  lines.push({ isMet, text: `${name} - ${text}` });
  if (!isMet) errors.push(`${text} not found`);
}

function judgePod(name: string, wanted: RequiredPod, { pods }: ClusterFacts, { lines, errors }: Verdict): void {
  const found = pods.filter(
    (pod) =>
      (wanted.namespace === "" || pod.namespace === wanted.namespace) &&
      // As in cnoe-cli a part of the name is enough: pods of a Deployment have names that nobody knows before.
      pod.name.includes(wanted.name),
  );
  for (const pod of found) {
    const text = `${name} - ${pod.namespace}, Pod=${pod.name}`;
    const state = wanted.state.toLowerCase();
    const isTerminating = pod.terminating && state === "terminating";
    const isMet = wanted.state === "" || isTerminating || pod.phase.toLowerCase() === state;
    lines.push({
      isMet,
      text: isMet
        ? `${text} - ${isTerminating ? "Terminating" : pod.phase}`
        : `${text} - ${pod.phase} != ${wanted.state} `,
    });
    if (!isMet) errors.push(`${pod.namespace}, Pod=${pod.name} failed`);
  }
  if (found.length > 0) return;
  lines.push({ isMet: false, text: `${name} - ${wanted.namespace} Pod=${wanted.name}` });
  errors.push(`${wanted.namespace} Pod=${wanted.name} not found`);
}
