import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attributes } from "../authorize.ts";
import { formatRule, type PolicyRule, quoteList, ruleAllows, urlCovers } from "./rule.ts";

const user = { name: "jane", groups: [] };

/** `get apps/deployments/scale in a named b`, or `get /path`. */
function wanted(text: string): Attributes {
  const [, verb = "", path = "", name = ""] = /^(\S+) (\S+)(?: named (\S+))?$/.exec(text) ?? [];
  if (path.startsWith("/")) return { user, verb, path };
  const [group = "", resource = "", subresource = ""] = path.split("/");
  return {
    user,
    verb,
    group: group === "core" ? "" : group,
    version: "v1",
    resource,
    subresource,
    namespace: "a",
    name,
  };
}

const cases: { rule: PolicyRule; allows: string[]; denies: string[] }[] = [
  {
    rule: { verbs: ["get", "list"], apiGroups: ["apps"], resources: ["deployments"] },
    allows: ["get apps/deployments", "list apps/deployments named b"],
    denies: ["watch apps/deployments", "get core/deployments", "get apps/deployments/scale", "get /apps/deployments"],
  },
  {
    rule: { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
    allows: ["get core/pods", "escalate x.y/zs/sub named n"],
    denies: ["get /healthz"],
  },
  {
    rule: { verbs: ["get"], apiGroups: [""], resources: ["*/log", "pods/exec"] },
    allows: ["get core/pods/log", "get core/jobs/log", "get core/pods/exec"],
    denies: ["get core/pods", "get core/pods/xlog", "get core/jobs/exec", "get core/log"],
  },
  {
    // A star is no pattern: only the whole resource and the resource before a slash may be one.
    rule: { verbs: ["get"], apiGroups: [""], resources: ["pods/*"] },
    allows: [],
    denies: ["get core/pods/log", "get core/pods"],
  },
  {
    rule: { verbs: ["get"], apiGroups: [""], resources: ["secrets"], resourceNames: ["one", "two"] },
    allows: ["get core/secrets named one", "get core/secrets named two"],
    denies: ["get core/secrets", "get core/secrets named three"],
  },
  {
    rule: { verbs: ["get"], nonResourceURLs: ["/healthz", "/logs/*"] },
    allows: ["get /healthz", "get /logs/", "get /logs/a/b"],
    denies: ["head /healthz", "get /healthz/", "get /logs", "get core/healthz"],
  },
  { rule: { verbs: [], apiGroups: [""], resources: ["pods"] }, allows: [], denies: ["get core/pods"] },
];
for (const { rule, allows, denies } of cases) {
  test(`${formatRule(rule)} allows what it says and no more`, () => {
    assert.deepEqual(
      [...allows, ...denies].filter((text) => ruleAllows(rule, wanted(text))),
      allows,
    );
  });
}

test("a URL covers itself, and with a star all that begins alike", () => {
  assert.deepEqual(
    ["*", "/a*", "/a/*", "/a/b", "/a/b/**"].filter((url) => urlCovers(url, "/a/b")),
    ["*", "/a*", "/a/*", "/a/b"],
  );
});

test("lists are quoted as Go does it", () => {
  assert.equal(quoteList(["a", 'b"', ""]), '["a" "b\\"" ""]');
  assert.equal(quoteList([]), "[]");
});
