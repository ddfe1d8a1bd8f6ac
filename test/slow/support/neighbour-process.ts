// A durable control plane in a process of its own, for `neighbours.slow.ts`: `node neighbour-process.ts <directory>` prints how to reach
// it as three users, and then does what each line on its standard input says.
import { createInterface } from "node:readline";
import { startControlPlane } from "../../../src/control-plane/index.ts";

const [dir = ""] = process.argv.slice(2);
const configMaps = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
const bindings = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  resource: "clusterrolebindings",
  kind: "ClusterRoleBinding",
  namespaced: false,
};
const plane = await startControlPlane({ dir, listen: true, controllers: false });
await plane.apply(
  ...["bulk", "tenant", "neighbour"].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  {
    apiVersion: bindings.group + "/v1",
    kind: bindings.kind,
    metadata: { name: "everybody" },
    roleRef: { apiGroup: bindings.group, kind: "ClusterRole", name: "cluster-admin" },
    subjects: ["tenant", "neighbour"].map((name) => ({ apiGroup: bindings.group, kind: "User", name })),
  },
);
await write("seed", 10_000);
const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
say({
  url: plane.url,
  admin: plane.kubeconfig(),
  tenant: plane.as("tenant").kubeconfig(),
  neighbour: plane.as("neighbour").kubeconfig(),
});

for await (const line of createInterface(process.stdin)) {
  if (line === "gc") {
    // Twice: what the first round finds to be finished is let go of in the second.
    for (let round = 0; round < 2; round++) {
      globalThis.gc?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { heapUsed, external } = process.memoryUsage();
    say({ usedBytes: heapUsed + external });
  }
  // All accepted in one turn of the event loop.
  if (line === "burst") {
    await write("burst", 20_000);
    say({});
  }
}

/** Objects of 2 KB, so that ten thousand are a list of 20 MB. */
async function write(name: string, count: number): Promise<void> {
  const objects = Array.from({ length: count }, (_, index) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `${name}-${index}`, namespace: "bulk", labels: { part: name, shard: String(index % 100) } },
    data: { text: `${index} `.padEnd(1750, "x") },
  }));
  await Promise.all(objects.map((object) => plane.client.create(configMaps, object)));
}
