import {
  type Fields,
  fieldsAt,
  itemsAt,
  type KubeObject,
  numberAt,
  quoteGo,
  textAt,
  textsAt,
} from "../../../apimachinery/index.ts";
import type { Server } from "../../server.ts";
import { isSimulated } from "../../simulated-pod.ts";
import { objectAt, objectsOf } from "../lookup.ts";
import type { Address, ResolveService } from "./connect.ts";

/**
 * Finds Services by what the cluster knows: the name of an ExternalName, or an endpoint that is ready and is no pod that is
 * only simulated.
 */
export function resolveFromStore(server: () => Server): ResolveService {
  return async ({ namespace, name, port }) => {
    const service = objectAt(server(), "services", { namespace, name });
    if (service === undefined) throw new Error(`service ${quoteGo(name)} not found`);
    if (textAt(service, "spec", "type") === "ExternalName")
      return { host: textAt(service, "spec", "externalName"), port };
    const asked = itemsAt(service, "spec", "ports").find((known) => known["port"] === port);
    if (asked === undefined) throw new Error(`no service port ${port} found for service ${quoteGo(name)}`);
    return addressesOf(server(), service, asked)[0];
  };
}

function addressesOf(server: Server, { metadata: { namespace = "", name = "" } }: KubeObject, port: Fields): Address[] {
  const slices = objectsOf(server, "endpointslices.discovery.k8s.io", namespace).filter(
    ({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name,
  );
  return slices.flatMap((slice) => {
    const found = itemsAt(slice, "ports").find((own) => textAt(own, "name") === textAt(port, "name"));
    const number = numberAt(found, ["port"]);
    if (number === 0) return [];
    return itemsAt(slice, "endpoints")
      .filter((endpoint) => isReal(server, namespace, endpoint))
      .flatMap((endpoint) => textsAt(endpoint, "addresses").map((host) => ({ host, port: number })));
  });
}

/** Somebody may answer there: it is ready, and if it is a pod, the pod is run. */
function isReal(server: Server, namespace: string, endpoint: Fields): boolean {
  if (fieldsAt(endpoint, "conditions")["ready"] === false) return false;
  if (textAt(endpoint, "targetRef", "kind") !== "Pod") return true;
  const pod = objectAt(server, "pods", { namespace, name: textAt(endpoint, "targetRef", "name") });
  return pod !== undefined && textAt(pod, "status", "phase") === "Running" && !isSimulated(pod);
}
