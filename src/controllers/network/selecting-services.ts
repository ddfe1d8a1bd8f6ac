import { deepEqual } from "../../apimachinery/index.ts";
import type { SharedInformer } from "../../controller-runtime/index.ts";
import { isReady, isTerminal, keyOf, type Pod } from "../compute/pod.ts";
import type { Service } from "./kinds.ts";

export function selects({ spec }: Service, labels: Readonly<Record<string, string>> | undefined): boolean {
  const { selector } = spec;
  return selector !== undefined && Object.entries(selector).every(([key, value]) => labels?.[key] === value);
}

/** Whether the controllers of endpoints care for a service: one that says which pods it is about. */
export function hasEndpoints({ spec }: Service): boolean {
  return spec.selector !== undefined && spec.type !== "ExternalName";
}

/** The pods behind a service, whatever state they are in, in the order of their names. */
export function podsBehind(service: Service, pods: SharedInformer<Pod>): Pod[] {
  return pods
    .inNamespace(service.metadata.namespace ?? "")
    .filter((pod) => selects(service, pod.metadata.labels))
    .sort((a, b) => ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1));
}

/** Calls back with the key of each service whose endpoints may change with a pod. */
export function listenToPods(
  pods: SharedInformer<Pod>,
  services: SharedInformer<Service>,
  changed: (key: string) => void,
): Disposable {
  const tell = (...seen: readonly Pod[]) => {
    const [pod] = seen;
    if (pod === undefined) return;
    for (const service of services.inNamespace(pod.metadata.namespace ?? "")) {
      if (hasEndpoints(service) && seen.some(({ metadata }) => selects(service, metadata.labels)))
        changed(keyOf(service));
    }
  };
  return pods.listen({
    onChange(pod, previous) {
      if (previous === undefined) tell(pod);
      else if (!deepEqual(pod.metadata.labels, previous.metadata.labels)) tell(pod, previous);
      else if (!isAlikeBehindServices(pod, previous)) tell(pod);
    },
    onDelete: (pod) => tell(pod),
  });
}

function isAlikeBehindServices(a: Pod, b: Pod): boolean {
  return (
    a.status?.podIP === b.status?.podIP &&
    isReady(a) === isReady(b) &&
    isTerminal(a) === isTerminal(b) &&
    a.spec.nodeName === b.spec.nodeName &&
    a.metadata.uid === b.metadata.uid &&
    (a.metadata.deletionTimestamp === undefined) === (b.metadata.deletionTimestamp === undefined) &&
    deepEqual(a.status?.podIPs, b.status?.podIPs)
  );
}
