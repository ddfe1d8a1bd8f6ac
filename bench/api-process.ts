// A durable control plane in a process of its own: `node api-process.ts <directory>` prints where it listens and how to get in.
import { startControlPlane } from "../src/control-plane/index.ts";

const [dir = ""] = process.argv.slice(2);
const plane = await startControlPlane({ dir, listen: true });
process.stdout.write(`${JSON.stringify({ url: plane.url, kubeconfig: plane.kubeconfig() })}\n`);
process.once("SIGTERM", async () => {
  await plane[Symbol.asyncDispose]();
  process.exit();
});
