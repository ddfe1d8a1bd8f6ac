import { isStatusError, type KubeObject, listAt, textAt } from "../../apimachinery/index.ts";
import { type Result, startController } from "../../controller-runtime/index.ts";
import type { ComputeMode } from "../compute/compute.ts";
import type { ControllerContext } from "../context.ts";
import { ingresses, services } from "./kinds.ts";

/** What idpbuilder's ingress controller publishes on a machine of one's own. */
const addresses = [{ hostname: "localhost" }];
const fieldManager = "skiff-compute";

/**
 * Gives Services of type LoadBalancer, and Ingresses, the address that a load balancer would give them where pods are simulated:
 * what waits for one goes on, as what waits for pods does. Nobody listens there. An address that somebody else has given stays.
 */
export function startSimulatedAddresses(context: ControllerContext, mode: ComputeMode): AsyncDisposable {
  if (mode !== "simulated") return { [Symbol.asyncDispose]: async () => {} };
  const { client, informers, log } = context;
  const kinds = [services, ingresses].map((resource) => ({ resource, informer: informers.of<KubeObject>(resource) }));

  const controller = startController({
    name: "simulated-addresses",
    log,
    reconcile: async (key): Promise<Result> => {
      const [plural = "", namespace = "", name = ""] = key.split("/");
      const kind = kinds.find(({ resource }) => resource.resource === plural);
      const object = kind?.informer.get(namespace, name);
      if (kind === undefined || object === undefined || !needsAddress(object)) return { state: "done" };
      const { uid, resourceVersion } = object.metadata;
      const change = { metadata: { uid, resourceVersion }, status: { loadBalancer: { ingress: addresses } } };
      try {
        await client.patch(kind.resource, { namespace, name }, "merge", change, {
          subresource: "status",
          fieldManager,
        });
      } catch (error) {
        // Whoever changed or deleted it meanwhile has it looked at again.
        if (!isStatusError(error, "Conflict") && !isStatusError(error, "NotFound")) throw error;
      }
      return { state: "done" };
    },
  });
  const listening = kinds.map(({ resource, informer }) =>
    informer.listen({
      onChange(object) {
        const { namespace, name } = object.metadata;
        if (needsAddress(object)) controller.enqueue(`${resource.resource}/${namespace}/${name}`);
      },
    }),
  );
  return {
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

/** Whether it waits for an address that nobody has given it yet. */
export function needsAddress(object: KubeObject): boolean {
  if (object.metadata.deletionTimestamp !== undefined) return false;
  if (listAt(object, "status", "loadBalancer", "ingress").length > 0) return false;
  return object.kind === "Ingress" || textAt(object, "spec", "type") === "LoadBalancer";
}
