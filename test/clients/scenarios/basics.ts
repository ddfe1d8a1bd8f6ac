import assert from "node:assert/strict";
import { gear, gearCrd, type Scenarios, settings, web } from "./scenario.ts";

/** What every kubectl does, the oldest too that a distribution still ships. */
export const basicScenarios: Scenarios = {
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
    assert.match(await kubectl.fails("get brass"), /the server (doesn't have a|could not find the requested) resource/);
  },

  "an editor changes an object, and what is invalid is given back": async (kubectl) => {
    await kubectl.ok("apply -f -", settings("a"));
    kubectl.file("editor", '#!/bin/sh\nsed -i s/red/green/ "$1"\n', 0o755);
    await kubectl.ok("edit configmap a");
    assert.equal(await kubectl.ok("get configmap a -o jsonpath={.data.color}"), "green");
    kubectl.file("editor", '#!/bin/sh\nsed -i "s/color: green/color: [green]/" "$1"\n', 0o755);
    assert.match(await kubectl.fails("edit configmap a"), /configmaps "a" is invalid|cannot unmarshal array/);
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

  "objects are selected, sorted, and shown in every form": async (kubectl) => {
    await kubectl.ok("create -f -", `${settings("b")}---${settings("a").replace("}", ", labels: {tier: one}}")}`);
    assert.equal(await kubectl.ok("get configmaps -l tier=one -o name"), "configmap/a\n");
    assert.equal(await kubectl.ok("get configmaps --field-selector metadata.name=b -o name"), "configmap/b\n");
    assert.match(
      await kubectl.ok("get configmaps a b -o custom-columns=N:.metadata.name,C:.data.color --sort-by=.metadata.name"),
      /^N +C\na +red\nb +red\n$/,
    );
    assert.equal(await kubectl.ok("get configmap a -o go-template={{.data.color}}"), "red");
    assert.match(await kubectl.ok("get configmap a --show-labels"), /^NAME +DATA +AGE +LABELS\na +1 +\d+s +tier=one$/m);
    assert.match(await kubectl.fails("get configmap none"), /configmaps "none" not found/);
    assert.match(await kubectl.fails("get nothing"), /the server doesn't have a resource type "nothing"/);
    const raw = await kubectl.fails(`get --raw /api/v1/namespaces/${kubectl.namespace}/configmaps/none`);
    assert.match(raw, /NotFound|not found|the server could not find/);
  },

  "a watch shows each change": async (kubectl) => {
    await kubectl.ok("create -f -", settings("a"));
    using watch = kubectl.start(
      "get configmaps --watch --output-watch-events --no-headers --field-selector metadata.name=a",
    );
    const seen = async () => (await watch.line()).split(/ +/).slice(0, 2).join(" ");
    assert.equal(await seen(), "ADDED a");
    await kubectl.ok("label configmap a x=y");
    assert.equal(await seen(), "MODIFIED a");
    await kubectl.ok("delete configmap a");
    assert.equal(await seen(), "DELETED a");
  },

  "rights are asked for, granted, and judged": async (kubectl) => {
    const canI = async (what: string) => (await kubectl.run(`auth can-i ${what}`)).stdout;
    assert.equal(await canI("create pods"), "yes\n");
    assert.equal(await canI("get pods --as=jane"), "no\n");
    assert.match(await kubectl.fails("get pods --as=jane"), /User "jane" cannot list resource "pods" in API group ""/);
    await kubectl.ok("create role reader --verb=get,list --resource=pods");
    await kubectl.ok("create rolebinding readers --role=reader --user=jane");
    assert.equal(await canI("get pods --as=jane"), "yes\n");
    assert.match(await kubectl.ok("auth can-i --list --as=jane"), /^pods +\[\] +\[\] +\[get list\]$/m);
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "reader", namespace: kubectl.namespace },
    };
    const more = { ...role, rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }] };
    await kubectl.ok("auth reconcile -f -", JSON.stringify(more));
    assert.equal(await canI("get secrets --as=jane"), "yes\n");
    assert.equal(await canI("get secrets --as=bob --as-group=jane"), "no\n");
  },

  "a namespace goes with all that is in it": async (kubectl) => {
    const inside = `${kubectl.namespace}-inside`;
    await kubectl.ok(`create namespace ${inside}`);
    await kubectl.ok(`create deployment d --image=nginx -n ${inside}`);
    await kubectl.ok(`delete namespace ${inside} --timeout=20s`);
    assert.match(await kubectl.fails(`get namespace ${inside}`), /namespaces "[\w-]+" not found/);
  },

  "a workload is scaled, also only from a certain size, and by an autoscaler": async (kubectl) => {
    await kubectl.ok("apply -f -", web());
    assert.equal(await kubectl.ok("scale deployment/web --replicas=4"), "deployment.apps/web scaled\n");
    assert.match(
      await kubectl.fails("scale deployment/web --current-replicas=9 --replicas=4"),
      /Expected replicas to be 9, was 4/,
    );
    await kubectl.ok("autoscale deployment/web --min=1 --max=5 --cpu-percent=80");
    assert.match(await kubectl.ok("get hpa web"), /^web +Deployment\/web +.*80%.* +1 +5 /m);
  },

  "labels and annotations are changed only when asked to": async (kubectl) => {
    await kubectl.ok("create -f -", settings("a"));
    await kubectl.ok("label configmap a tier=one");
    assert.match(await kubectl.fails("label configmap a tier=two"), /'tier' already has a value \(one\)/);
    await kubectl.ok("label configmap a tier=two --overwrite");
    await kubectl.ok("annotate configmap --all note=x");
    assert.equal(await kubectl.ok("get configmaps -l tier=two,tier!=one -o name"), "configmap/a\n");
    await kubectl.ok("label configmap a tier-");
    assert.equal(await kubectl.ok("get configmaps -l tier -o name"), "");
  },
};
