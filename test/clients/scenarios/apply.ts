import assert from "node:assert/strict";
import { type Scenarios, settings, web } from "./scenario.ts";

export const applyScenarios: Scenarios = {
  "server-side apply tells whose fields it would take, and takes them when forced": async (kubectl) => {
    assert.equal(await kubectl.ok("apply --server-side -f -", web()), "deployment.apps/web serverside-applied\n");
    const other = "apply --server-side --field-manager=other -f -";
    const conflict = await kubectl.fails(other, web({ image: "nginx:1.26" }));
    assert.match(
      conflict,
      /Apply failed with 1 conflict: conflict with "kubectl": \.spec\.template\.spec\.containers\[name="web"\]\.image/,
    );
    await kubectl.ok(`${other} --force-conflicts`, web({ image: "nginx:1.26" }));
    const managers = '{.metadata.managedFields[?(@.operation=="Apply")].manager}';
    const shown = await kubectl.ok(`get deployment web --show-managed-fields -o 'jsonpath=${managers}'`);
    assert.equal(shown, "kubectl other");
    // Nobody's any more, the field keeps its value; with a default it takes that.
    await kubectl.ok(other, web({ image: "nginx:1.26" }).replace("  replicas: 2\n", ""));
    await kubectl.ok("apply --server-side -f -", web({ image: "nginx:1.26" }).replace("  replicas: 2\n", ""));
    assert.equal(await kubectl.ok("get deployment web -o jsonpath={.spec.replicas}"), "1");
  },

  "server-side apply takes over what was applied on the client's side": async (kubectl) => {
    await kubectl.ok("apply -f -", settings("a", "data: {color: red, size: big}"));
    await kubectl.ok("apply --server-side -f -", settings("a", "data: {color: blue}"));
    assert.equal(await kubectl.ok("get configmap a -o jsonpath={.data}"), '{"color":"blue"}');
  },

  "pruning removes what was applied before and is not now": async (kubectl) => {
    const labelled = (name: string) => settings(name).replace("}", ", labels: {set: one}}");
    const prune = "apply --prune --selector=set=one -f -";
    await kubectl.ok(prune, `${labelled("a")}---${labelled("b")}`);
    await kubectl.ok("create configmap unrelated");
    assert.match(await kubectl.ok(prune, labelled("a")), /^configmap\/b pruned$/m);
    assert.match(await kubectl.ok("get configmaps -o name"), /configmap\/unrelated/);
  },
};
