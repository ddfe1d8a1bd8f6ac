import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  type ControlPlane,
  type KubeObject,
  type Resource,
  startControlPlane,
} from "../../../src/control-plane/index.ts";
import { openTool, type Tool } from "../tools.ts";

/** Has hooks, a definition and an object of it, a local dependency, `lookup`, notes, and a test. */
const chart = join(import.meta.dirname, "..", "..", "testdata", "charts", "shop");

/** What somebody does with helm in a namespace of his own that is not there yet. */
type HelmScenario = (helm: Tool, place: { plane: ControlPlane; namespace: string; atomic: string }) => Promise<void>;

const core = { group: "", version: "v1", namespaced: true };
const secrets: Resource = { ...core, resource: "secrets", kind: "Secret" };
const configMaps: Resource = { ...core, resource: "configmaps", kind: "ConfigMap" };
const pods: Resource = { ...core, resource: "pods", kind: "Pod" };
const deployments: Resource = {
  group: "apps",
  version: "v1",
  resource: "deployments",
  kind: "Deployment",
  namespaced: true,
};
const jobs: Resource = { group: "batch", version: "v1", resource: "jobs", kind: "Job", namespaced: true };
const baskets: Resource = {
  group: "shop.example.com",
  version: "v1",
  resource: "baskets",
  kind: "Basket",
  namespaced: true,
};

export const helmScenarios: Readonly<Record<string, HelmScenario>> = {
  "a release is installed, upgraded, rolled back and removed": async (helm, { plane, namespace }) => {
    const installed = await helm.ok(`install shop ${chart} --create-namespace --wait --timeout=25s`);
    assert.match(installed, /hello from shop, revision 1, on Kubernetes v1\.34/);
    const replicas = async () => (await plane.client.get<Deployment>(deployments, { namespace, name: "shop" }))?.status;
    assert.equal((await replicas())?.readyReplicas, 2);
    assert.deepEqual((await plane.client.get(baskets, { namespace, name: "shop" }))?.["spec"], { size: 20 });
    // The hook's job is gone once it has succeeded; what came before it stays.
    assert.deepEqual((await plane.client.list(jobs, { namespace })).items, []);
    const password = async () => (await plane.client.get(secrets, { namespace, name: "shop" }))?.["data"];
    const first = await password();
    await helm.ok(`upgrade shop ${chart} --set=replicas=3 --wait --timeout=25s`);
    assert.equal((await replicas())?.readyReplicas, 3);
    assert.deepEqual(await password(), first);
    assert.match(await helm.ok("history shop"), /^1 .*superseded.*\n2 .*deployed.*Upgrade complete/m);
    assert.match(await helm.ok("get manifest shop"), /replicas: 3/);
    await helm.ok("rollback shop 1 --wait --timeout=25s");
    assert.equal((await replicas())?.readyReplicas, 2);
    assert.match(await helm.ok("list"), new RegExp(`^shop\\s+${namespace}\\s+3\\s.*deployed\\s+shop-1\\.0\\.0`, "m"));
    await helm.ok("uninstall shop --wait");
    assert.equal(await replicas(), undefined);
    const left = (await plane.client.list(configMaps, { namespace })).items.map(({ metadata }) => metadata.name);
    assert.deepEqual(left, ["kube-root-ca.crt", "shop-before", "shop-farewell"]);
  },

  "a release is tested": async (helm, { plane, namespace }) => {
    await helm.ok(`install shop ${chart} --create-namespace --set=hooks=false --wait --timeout=25s`);
    assert.match(await helm.ok("test shop --timeout=25s"), /Phase: +Succeeded/);
    const pod = await plane.client.get<KubeObject & { status?: { phase?: string } }>(pods, {
      namespace,
      name: "shop-answers",
    });
    assert.equal(pod?.status?.phase, "Succeeded");
  },

  "an upgrade that does not become ready is taken back": async (helm, { namespace, atomic }) => {
    await helm.ok(`install shop ${chart} --create-namespace --set=hooks=false --wait --timeout=25s`);
    const never = "--set=hooks=false --set=simulate=ready=never";
    await helm.fails(`upgrade shop ${chart} ${never} ${atomic} --timeout=4s`);
    assert.match(await helm.ok(`history shop -n ${namespace}`), /2 .*failed.*\n3 .*deployed.*Rollback to 1/m);
  },

  "a trial on the server changes nothing and is told what is wrong": async (helm, { plane, namespace }) => {
    await helm.ok(`install shop ${chart} --create-namespace --set=hooks=false`);
    const password = (
      await plane.client.get<KubeObject & { data?: Record<string, string> }>(secrets, { namespace, name: "shop" })
    )?.data;
    const shown = await helm.ok(`upgrade shop ${chart} --set=hooks=false --set=greeting=bye --dry-run=server`);
    assert.match(shown, new RegExp(`password: ${password?.["password"]}`));
    assert.match(await helm.ok("history shop"), /^1 .*deployed/m);
    assert.match(await helm.fails(`upgrade shop ${chart} --set=image=`), /image|Required value/);
    assert.match(await helm.fails(`install shop ${chart}`), /cannot re-use a name that is still in use|still in use/);
  },
};

type Deployment = KubeObject & { status?: { readyReplicas?: number } };

/**
 * Makes a test of every scenario, all against one control plane.
 *
 * @param program a helm; `undefined` skips
 * @param atomic the flag that takes a failed upgrade back, which has changed its name
 */
export function testHelm(
  name: string,
  program: string | undefined,
  { atomic, scenarios }: { atomic: string; scenarios: Readonly<Record<string, HelmScenario>> },
): void {
  const skip = program === undefined && "no helm for this machine; name one with SKIFF_HELM";
  test(name, { skip, concurrency: 2 }, async (t) => {
    await using plane: ControlPlane = await startControlPlane({ listen: true, compute: "simulated" });
    const all = Object.entries(scenarios).map(([sentence, scenario], index) =>
      t.test(sentence, async (own) => {
        const namespace = `helm-${index}`;
        const helm = openTool(own, program ?? "", plane.kubeconfig(), ["--namespace", namespace]);
        await scenario(helm, { plane, namespace, atomic });
      }),
    );
    await Promise.all(all);
  });
}
