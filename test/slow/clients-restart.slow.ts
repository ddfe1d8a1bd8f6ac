import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "../../src/control-plane/index.ts";
import { web } from "../clients/scenarios/scenario.ts";
import { openTool, type Tool } from "../clients/tools.ts";
import { binary } from "../support/binaries.ts";

const kubectlFile = binary("kubectl");
const skip = kubectlFile === undefined ? "no kubectl for this machine; name one with SKIFF_KUBECTL" : false;

/** A control plane that comes back at the same address with what it had. */
type Restartable = { kubectl: Tool; restart(): Promise<ControlPlane> };

async function openRestartable(t: TestContext, options: ControlPlaneOptions): Promise<Restartable> {
  const dir = mkdtempSync(join(tmpdir(), "skiff-restart-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  let plane = await startControlPlane({ listen: true, dir, ...options });
  t.after(() => plane[Symbol.asyncDispose]());
  const port = Number(new URL(plane.url ?? "").port);
  return {
    kubectl: openTool(t, kubectlFile ?? "", plane.kubeconfig()),
    async restart() {
      await plane[Symbol.asyncDispose]();
      plane = await startControlPlane({ listen: true, dir, port, ...options });
      return plane;
    },
  };
}

test("a kubeconfig, a ServiceAccount's token and every object are good after a restart", { skip }, async (t) => {
  const { kubectl, restart } = await openRestartable(t, {});
  await kubectl.ok("create configmap a --from-literal=b=c");
  await kubectl.ok("create rolebinding view --clusterrole=view --serviceaccount=default:default");
  const token = (await kubectl.ok("create token default")).trim();
  await restart();
  assert.equal(await kubectl.ok("get configmap a -o jsonpath={.data.b}"), "c");
  kubectl.file("as-account", await kubectl.ok("config view --raw"));
  await kubectl.ok(`config --kubeconfig=as-account set-credentials kubernetes-admin --token=${token}`);
  assert.equal(await kubectl.ok("--kubeconfig=as-account get configmap a -o jsonpath={.data.b}"), "c");
  assert.match(
    await kubectl.fails("--kubeconfig=as-account delete configmap a"),
    /system:serviceaccount:default:default/,
  );
});

test("kubectl that waits for a rollout sees its end after a restart", { skip }, async (t) => {
  const { kubectl, restart } = await openRestartable(t, { compute: "simulated" });
  const slow = web().replace("metadata: {labels", 'metadata: {annotations: {skiff.dev/simulate: "start=6s"}, labels');
  await kubectl.ok("apply -f -", slow);
  using waiting = kubectl.start("rollout status deployment/web --timeout=25s");
  assert.match(await waiting.line(), /Waiting for deployment "web" rollout to finish/);
  await restart();
  let last = "";
  while (!last.includes("successfully rolled out")) last = await waiting.line();
});

test("kubectl that watches ends without an error when the server stops", { skip }, async (t) => {
  const { kubectl, restart } = await openRestartable(t, { controllers: false });
  await kubectl.ok("create configmap a");
  using watch = kubectl.start(
    "get configmaps --watch --no-headers --output-watch-events --field-selector=metadata.name=a",
  );
  assert.match(await watch.line(), /^ADDED +a /);
  await kubectl.ok("label configmap a b=c");
  assert.match(await watch.line(), /^MODIFIED +a /);
  await restart();
  await assert.rejects(watch.line(), /has ended with code 0/);
});
