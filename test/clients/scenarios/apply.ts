import assert from "node:assert/strict";
import { gear, gearCrd, type Scenarios, settings, web } from "./scenario.ts";

export const applyScenarios: Scenarios = {
  "what is applied again unchanged stays as it is, and a diff shows what would change": async (kubectl) => {
    assert.equal(await kubectl.ok("apply -f -", web()), "deployment.apps/web created\n");
    assert.equal(await kubectl.ok("apply -f -", web()), "deployment.apps/web unchanged\n");
    const { code, stdout } = await kubectl.run("diff -f -", web({ replicas: 3 }));
    assert.equal(code, 1);
    assert.match(stdout, /^- {2}replicas: 2\n\+ {2}replicas: 3$/m);
    assert.equal(await kubectl.ok("apply -f -", web({ replicas: 3 })), "deployment.apps/web configured\n");
    await kubectl.ok("diff -f -", web({ replicas: 3 }));
  },

  "what a manifest no longer says goes, and what others have said stays": async (kubectl) => {
    await kubectl.ok("apply -f -", settings("a", "data: {color: red, size: big}"));
    await kubectl.ok('patch configmap a --type=merge -p \'{"data":{"shape":"round"}}\'');
    await kubectl.ok("apply -f -", settings("a", "data: {color: blue}"));
    const data = JSON.parse(await kubectl.ok("get configmap a -o jsonpath={.data}"));
    assert.deepEqual(data, { color: "blue", shape: "round" });
    await kubectl.ok("apply set-last-applied -f -", settings("a", "data: {shape: round}"));
    assert.match(await kubectl.ok("apply view-last-applied configmap a"), /shape: round/);
  },

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

  "a definition and an object of it come in one file": async (kubectl) => {
    const both = `${gearCrd("brass")}---${gear("brass", "a")}`;
    // kubectl looks up all kinds before it begins, so that the first time may be too early.
    await kubectl.run("apply -f -", both);
    await kubectl.ok("wait crd/brass.gears.example.com --for=condition=Established --timeout=10s");
    await kubectl.ok("apply -f -", both);
    assert.match(await kubectl.ok("get brass"), /^NAME +TEETH\na +5$/m);
    await kubectl.ok("scale brass/a --replicas=3");
    await kubectl.ok('patch brass a --type=merge -p \'{"spec":{"teeth":6}}\'');
    assert.match(
      await kubectl.fails("apply -f -", gear("brass", "a", "{teeth: 1}")),
      /should be greater than or equal to 3/,
    );
    assert.equal(await kubectl.ok("get brass a -o 'jsonpath={.spec.teeth} {.spec.replicas}'"), "6 3");
    await kubectl.ok("delete crd brass.gears.example.com --timeout=20s");
    assert.match(await kubectl.fails("get brass"), /the server doesn't have a resource type "brass"/);
  },

  "an editor changes an object, and what is invalid is given back": async (kubectl) => {
    await kubectl.ok("apply -f -", settings("a"));
    kubectl.file("editor", '#!/bin/sh\nsed -i s/red/green/ "$1"\n', 0o755);
    await kubectl.ok("edit configmap a");
    assert.equal(await kubectl.ok("get configmap a -o jsonpath={.data.color}"), "green");
    kubectl.file("editor", '#!/bin/sh\nsed -i "s/color: green/color: [green]/" "$1"\n', 0o755);
    assert.match(await kubectl.fails("edit configmap a"), /data\.color|cannot unmarshal array/);
  },

  "patches of every type change what they name": async (kubectl) => {
    await kubectl.ok("apply -f -", web());
    const strategic = { spec: { template: { spec: { containers: [{ name: "side", image: "busybox" }] } } } };
    await kubectl.ok(`patch deployment web -p '${JSON.stringify(strategic)}'`);
    await kubectl.ok('patch deployment web --type=merge -p \'{"spec":{"paused":true}}\'');
    const json = [{ op: "replace", path: "/spec/replicas", value: 4 }];
    await kubectl.ok(`patch deployment web --type=json -p '${JSON.stringify(json)}'`);
    assert.match(
      await kubectl.ok(
        "get deployment web -o 'jsonpath={.spec.replicas} {.spec.paused} {.spec.template.spec.containers[*].name}'",
      ),
      /^4 true (side web|web side)$/,
    );
    const test = [{ op: "test", path: "/spec/replicas", value: 9 }];
    await kubectl.fails(`patch deployment web --type=json -p '${JSON.stringify(test)}'`);
    const selector = '{"spec":{"selector":{"matchLabels":{"app":"other"}}}}';
    assert.match(await kubectl.fails(`patch deployment web -p '${selector}'`), /field is immutable/);
  },

  "an object is replaced as a whole, and one that is not there is not": async (kubectl) => {
    await kubectl.ok("create -f -", settings("a", "data: {color: red, size: big}"));
    await kubectl.ok("replace -f -", settings("a", "data: {color: blue}"));
    assert.equal(await kubectl.ok("get configmap a -o jsonpath={.data}"), '{"color":"blue"}');
    assert.match(await kubectl.fails("replace -f -", settings("b")), /configmaps "b" not found/);
    const uid = await kubectl.ok("get configmap a -o jsonpath={.metadata.uid}");
    await kubectl.ok("replace --force -f -", settings("a"));
    assert.notEqual(await kubectl.ok("get configmap a -o jsonpath={.metadata.uid}"), uid);
  },

  "a kustomization is built, applied and deleted": async (kubectl) => {
    kubectl.file("kust/web.yaml", web());
    kubectl.file(
      "kust/kustomization.yaml",
      `
resources: [web.yaml]
namePrefix: big-
configMapGenerator: [{name: settings, literals: [color=red]}]
`,
    );
    assert.match(await kubectl.ok("kustomize kust"), /name: big-web/);
    assert.match(await kubectl.ok("apply -k kust"), /^deployment\.apps\/big-web created$/m);
    await kubectl.ok("delete -k kust --wait=false");
  },

  "a manifest that is wrong is refused with all that is wrong with it": async (kubectl) => {
    const unknown = await kubectl.fails("apply -f -", web().replace("replicas:", "replicaz:"));
    assert.match(unknown, /unknown field "spec\.replicaz"|unknown field "replicaz" in/);
    const wrong = await kubectl.fails(
      "create -f -",
      web({ replicas: -1 }).replace("name: web, labels", "name: Web, labels"),
    );
    assert.match(
      wrong,
      /The Deployment "Web" is invalid: \n\* metadata\.name: Invalid value: "Web": a lowercase RFC 1123/,
    );
    assert.match(wrong, /\* spec\.replicas: Invalid value: -1: must be greater than or equal to 0/);
  },
};
