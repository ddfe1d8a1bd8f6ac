// A durable control plane in a process of its own, to be killed: `node api-process.ts <directory>` prints where it listens.
import { startControlPlane } from "../../../src/control-plane/index.ts";

const [dir = ""] = process.argv.slice(2);
const plane = await startControlPlane({ dir, listen: true, controllers: false });
process.stdout.write(`${JSON.stringify({ url: plane.url, kubeconfig: plane.kubeconfig() })}\n`);
