import assert from "node:assert/strict";
import { test } from "node:test";
import { createBuildEnvironment, expand } from "./build-environment.ts";

const cases: Record<string, string> = {
  plain: "plain",
  $a: "<a>",
  "x${a}y": "x<a>y",
  "$a-$b": "<a>-<b>",
  $a_b: "<a_b>",
  "100$": "100$",
  "a $ b": "a $ b",
  "a${}b": "ab",
  "a${b": "ab",
  $1x: "<1>x",
  "${1}x": "<1>x",
  "${a b}": "<a b>",
  $$: "<$>",
  "$.x": "$.x",
  "": "",
};
for (const [text, want] of Object.entries(cases)) {
  test(`expand reads ${JSON.stringify(text)} as Go does`, () =>
    assert.equal(
      expand(text, (name) => `<${name}>`),
      want,
    ));
}

const input = {
  app: "shop",
  namespace: "prod",
  project: "default",
  revision: "0123456789abcdef0123456789abcdef01234567",
  repoURL: "https://git.test/a/b.git",
  path: "charts/shop",
  targetRevision: "main",
  kubeVersion: "1.35.0",
  apiVersions: ["v1", "apps/v1"],
};

test("the build environment has the names of Argo CD and tells which were used", () => {
  const used = new Map<string, string>();
  const { substitute } = createBuildEnvironment(input, (name, value) => used.set(name, value));
  assert.equal(
    substitute("$ARGOCD_APP_NAME/${ARGOCD_APP_NAMESPACE}@$ARGOCD_APP_REVISION_SHORT $ARGOCD_APP_REVISION_SHORT_8"),
    "shop/prod@0123456 01234567",
  );
  assert.equal(
    substitute("$ARGOCD_APP_SOURCE_REPO_URL $ARGOCD_APP_SOURCE_PATH $ARGOCD_APP_SOURCE_TARGET_REVISION"),
    "https://git.test/a/b.git charts/shop main",
  );
  assert.equal(substitute("$KUBE_VERSION $KUBE_API_VERSIONS $ARGOCD_APP_PROJECT_NAME"), "1.35.0 v1,apps/v1 default");
  assert.equal(substitute("$$HOME $HOME"), "$HOME ");
  assert.equal(used.get("ARGOCD_APP_REVISION_SHORT"), "0123456");
  assert.equal(used.get("HOME"), "");
  assert.equal(used.has("ARGOCD_APP_REVISION"), false);
});
