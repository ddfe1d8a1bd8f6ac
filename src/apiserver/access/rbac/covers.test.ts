import assert from "node:assert/strict";
import { test } from "node:test";
import { compactParts, uncovered } from "./covers.ts";
import { formatRule, type PolicyRule } from "./rule.ts";

function rule(verbs: string, resources: string, resourceNames?: string, group = ""): PolicyRule {
  const names = resourceNames === undefined ? {} : { resourceNames: resourceNames.split(" ") };
  return { verbs: verbs.split(" "), apiGroups: [group], resources: resources.split(" "), ...names };
}

const paths = (verbs: string, urls: string): PolicyRule => ({
  verbs: verbs.split(" "),
  nonResourceURLs: urls.split(" "),
});

const cases: Record<string, { held: PolicyRule[]; given: PolicyRule[]; missing: string[] }> = {
  "the same": { held: [rule("get", "pods")], given: [rule("get", "pods")], missing: [] },
  "several rules together, part by part": {
    held: [rule("get", "pods nodes"), rule("list", "pods")],
    given: [rule("get list", "pods nodes")],
    missing: ['{APIGroups:[""], Resources:["nodes"], Verbs:["list"]}'],
  },
  "stars of those who hold them": {
    held: [rule("*", "*", undefined, "*")],
    given: [rule("get", "pods/log", "a", "x"), rule("*", "*")],
    missing: [],
  },
  "a star that nobody holds": {
    held: [rule("get list watch create", "pods")],
    given: [rule("*", "pods")],
    missing: ['{APIGroups:[""], Resources:["pods"], Verbs:["*"]}'],
  },
  "names for those who hold all names, not the reverse": {
    held: [rule("get", "secrets", "a"), rule("list", "secrets")],
    given: [rule("get", "secrets"), rule("get list", "secrets", "a b")],
    missing: [
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
      '{APIGroups:[""], Resources:["secrets"], ResourceNames:["b"], Verbs:["get"]}',
    ],
  },
  subresources: {
    held: [rule("get", "*/scale")],
    given: [rule("get", "jobs/scale jobs/status jobs")],
    missing: [
      '{APIGroups:[""], Resources:["jobs/status"], Verbs:["get"]}',
      '{APIGroups:[""], Resources:["jobs"], Verbs:["get"]}',
    ],
  },
  "paths, which stay apart": {
    held: [paths("get", "/logs/*")],
    given: [paths("get post", "/logs/a"), paths("get", "/*")],
    missing: ['{NonResourceURLs:["/logs/a"], Verbs:["post"]}', '{NonResourceURLs:["/*"], Verbs:["get"]}'],
  },
  "verbs of one resource in one line": {
    held: [],
    given: [rule("get list", "pods"), rule("watch", "pods")],
    missing: ['{APIGroups:[""], Resources:["pods"], Verbs:["get" "list" "watch"]}'],
  },
};
for (const [name, { held, given, missing }] of Object.entries(cases)) {
  test(`what is missing to give ${name}`, () => {
    assert.deepEqual(compactParts(uncovered(held, given)).map(formatRule), missing);
  });
}
