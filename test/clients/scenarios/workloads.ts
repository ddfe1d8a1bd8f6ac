import assert from "node:assert/strict";
import { type Scenarios, web } from "./scenario.ts";

export const workloadScenarios: Scenarios = {
  "a rollout has a history, goes back, pauses and goes on": async (kubectl) => {
    await kubectl.ok("apply -f -", web());
    await kubectl.ok("wait deployment/web --for=jsonpath={.status.observedGeneration}=1 --timeout=10s");
    await kubectl.ok("set image deployment/web web=nginx:1.27");
    await kubectl.ok("wait deployment/web --for=jsonpath={.status.observedGeneration}=2 --timeout=10s");
    assert.match(await kubectl.ok("rollout history deployment/web"), /^1 .*\n2 /m);
    assert.match(await kubectl.ok("rollout history deployment/web --revision=2"), /nginx:1\.27/);
    assert.match(await kubectl.ok("rollout undo deployment/web"), /deployment\.apps\/web rolled back/);
    assert.match(await kubectl.ok("get deployment web -o jsonpath={..image}"), /nginx:1\.25/);
    await kubectl.ok("rollout pause deployment/web");
    assert.match(await kubectl.fails("rollout pause deployment/web"), /deployments\.apps "web" is already paused/);
    await kubectl.ok("rollout resume deployment/web");
    await kubectl.ok("rollout restart deployment/web");
    assert.match(await kubectl.ok("get deployment web -o yaml"), /kubectl\.kubernetes\.io\/restartedAt/);
    const { stdout, stderr } = await kubectl.run("rollout status deployment/web --timeout=1s");
    assert.match(stdout + stderr, /Waiting for deployment "web" rollout to finish/);
  },

  "waiting ends with a condition, a value, a deletion or the time": async (kubectl) => {
    await kubectl.ok("apply -f -", web());
    await kubectl.ok("wait deployment/web --for=jsonpath={.spec.replicas}=2 --timeout=5s");
    assert.match(
      await kubectl.fails("wait deployment/web --for=condition=Available --timeout=1s"),
      /timed out waiting for the condition on deployments\/web/,
    );
    await kubectl.ok("delete deployment web --wait=false");
    await kubectl.ok("wait deployment/web --for=delete --timeout=10s");
  },

  "deleting takes what is owned along, or leaves it": async (kubectl) => {
    await kubectl.ok("apply -f -", web());
    const sets = async () => (await kubectl.ok("get replicasets -o name")).split("\n").length - 1;
    await kubectl.ok("wait deployment/web --for=jsonpath={.status.observedGeneration}=1 --timeout=10s");
    assert.equal(await kubectl.ok("delete deployment web --dry-run=server -o name"), "deployment.apps/web\n");
    await kubectl.ok("delete deployment web --cascade=orphan");
    assert.equal(await sets(), 1);
    await kubectl.ok("apply -f -", web());
    // It takes the orphan for its own again.
    await kubectl.ok("wait deployment/web --for=jsonpath={.status.observedGeneration}=1 --timeout=10s");
    assert.equal(await sets(), 1);
    await kubectl.ok("delete deployment web --cascade=foreground --timeout=20s");
    assert.equal(await sets(), 0);
    assert.match(await kubectl.fails("delete deployment web"), /deployments\.apps "web" not found/);
    await kubectl.ok("delete deployment web --ignore-not-found");
  },

  "a node is tainted, cordoned and drained, on trial": async (kubectl) => {
    const node = `${kubectl.namespace}-node`;
    await kubectl.ok("apply -f -", JSON.stringify({ apiVersion: "v1", kind: "Node", metadata: { name: node } }));
    await kubectl.ok(`taint node ${node} team=a:NoSchedule`);
    assert.match(await kubectl.fails(`taint node ${node} team=a:NoSchedule`), /already has team taint/);
    await kubectl.ok(`taint node ${node} team:NoSchedule-`);
    assert.match(await kubectl.ok(`cordon ${node}`), /cordoned/);
    assert.match(await kubectl.ok(`get node ${node}`), /SchedulingDisabled/);
    const spec = { nodeName: node, containers: [{ name: "c", image: "x" }] };
    await kubectl.ok("apply -f -", JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "lone" }, spec }));
    assert.match(await kubectl.fails(`drain ${node} --dry-run=server`), /declare no controller/);
    assert.match(await kubectl.ok(`drain ${node} --dry-run=server --force`), new RegExp(`node/${node} drained`));
    assert.match(await kubectl.ok(`uncordon ${node}`), /uncordoned/);
    await kubectl.ok("delete pod lone --force --grace-period=0");
    await kubectl.ok(`delete node ${node}`);
  },

  "what needs running containers or metrics says why it cannot be": async (kubectl) => {
    await kubectl.ok("run a --image=x");
    assert.match(await kubectl.fails("exec a -- true"), /pod (\S+\/)?a does not (have a host assigned|run)/);
    assert.match(
      await kubectl.fails("port-forward pod/a 0:80"),
      /pod is not running|does not (have a host assigned|run)/,
    );
    assert.match(await kubectl.fails("top pods"), /Metrics API not available|metrics not available/i);
  },

  "events tell what has become of objects": async (kubectl) => {
    await kubectl.ok("apply -f -", web());
    await kubectl.ok("wait deployment/web --for=jsonpath={.status.observedGeneration}=1 --timeout=10s");
    const shown = await kubectl.ok(
      "get events --field-selector involvedObject.kind=Deployment,involvedObject.name=web",
    );
    assert.match(shown, /ScalingReplicaSet +deployment\/web +Scaled up replica set web-\w+ (from 0 )?to 2/);
    assert.match(await kubectl.ok("describe deployment web"), /ScalingReplicaSet/);
  },
};
