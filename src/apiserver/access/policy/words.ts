import type { PolicyRule } from "../rbac/rule.ts";

/** Sets of verbs that stand together all the time. */
export const read = "get list watch";
export const follow = "list watch";
export const change = "patch update";
export const write = "create delete deletecollection patch update";
export const everything = "create delete deletecollection get list patch update watch";

/** Words with one space between them, in the order of the real server. The empty API group is an empty word. */
export function rule(verbs: string, apiGroups: string, resources: string, resourceNames?: string): PolicyRule {
  return {
    verbs: verbs.split(" "),
    apiGroups: apiGroups.split(" "),
    resources: resources.split(" "),
    ...(resourceNames === undefined ? {} : { resourceNames: resourceNames.split(" ") }),
  };
}

export function paths(verbs: string, urls: string): PolicyRule {
  return { verbs: verbs.split(" "), nonResourceURLs: urls.split(" ") };
}

/** Telling of what one does. */
export const events = rule("create patch update", " events.k8s.io", "events");
