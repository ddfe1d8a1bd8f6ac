import { isStatusError, type KubeObject, listAt, textAt } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import { type Result, startController } from "../../controller-runtime/index.ts";
import type { ComputeMode } from "../compute/compute.ts";
import type { ControllerContext } from "../context.ts";
import { services } from "./kinds.ts";

const ingresses: Resource = {
  group: "networking.k8s.io",
  version: "v1",
  resource: "ingresses",
  kind: "Ingress",
  namespaced: true,
};
const resources: Readonly<Record<string, Resource>> = { services, ingresses };

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
  const informerOf = { services: informers.of<KubeObject>(services), ingresses: informers.of<KubeObject>(ingresses) };

  const controller = startController({
    name: "simulated-addresses",
    log,
    reconcile: async (key): Promise<Result> => {
      const [plural = "", namespace = "", name = ""] = key.split("/");
      const resource = resources[plural];
      const object =
        plural === "services" || plural === "ingresses" ? informerOf[plural].get(namespace, name) : undefined;
      if (resource === undefined || object === undefined || !needsAddress(object)) return { state: "done" };
      const { uid, resourceVersion } = object.metadata;
      const change = { metadata: { uid, resourceVersion }, status: { loadBalancer: { ingress: addresses } } };
      try {
        await client.patch(resource, { namespace, name }, "merge", change, { subresource: "status", fieldManager });
      } catch (error) {
        // Whoever changed or deleted it meanwhile has it looked at again.
        if (!isStatusError(error, "Conflict") && !isStatusError(error, "NotFound")) throw error;
      }
      return { state: "done" };
    },
  });
  const listening = Object.entries(informerOf).map(([plural, informer]) =>
    informer.listen({
      onChange(object) {
        const { namespace, name } = object.metadata;
        if (needsAddress(object)) controller.enqueue(`${plural}/${namespace}/${name}`);
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
