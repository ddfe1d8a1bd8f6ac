import { type KubeObject, parseApiVersion } from "../../apimachinery/index.ts";
import { isCrd, type KeyParts, partsOf } from "../object/key.ts";

const trackingAnnotation = "argocd.argoproj.io/tracking-id";

/** Who made an object: `<app>:<group>/<kind>:<namespace>/<name>` of the object it was made for. */
export type TrackingId = KeyParts & { app: string };

/** Marks an object as part of an application. CRDs are left alone, several applications may bring the same one. */
export function withTrackingId(object: KubeObject, app: string, defaultNamespace: string): KubeObject {
  if (isCrd(object)) return object;
  const { group, kind, namespace, name } = partsOf(object);
  const id = `${app}:${group}/${kind}:${namespace || defaultNamespace}/${name}`;
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, [trackingAnnotation]: id } } };
}

export function trackingIdOf(object: KubeObject): TrackingId | undefined {
  const id = object.metadata.annotations?.[trackingAnnotation];
  const match = id === undefined ? null : /^([^:]*):([^/:]*)\/([^:]*):([^/]*)\/(.*)$/.exec(id);
  if (match === null) return undefined;
  const [, app = "", group = "", kind = "", namespace = "", name = ""] = match;
  return { app, group, kind, namespace, name };
}

/**
 * The application that an object belongs to. What other objects own belongs to them: a Deployment's annotations, the tracking
 * id among them, are on its ReplicaSets as well.
 */
export function applicationOf(object: KubeObject): string | undefined {
  return (object.metadata.ownerReferences?.length ?? 0) > 0 ? undefined : trackingIdOf(object)?.app;
}

/**
 * Whether an object is the one that its tracking id names. Controllers copy annotations to objects they make; such a copy
 * belongs to nobody and must never be pruned.
 *
 * @param target what the source wants at this place, if anything: it says better than an old id what the object should be
 */
export function isSelfReferenced(live: KubeObject | undefined, target: KubeObject | undefined): boolean {
  if (live === undefined) return true;
  const named = target === undefined ? trackingIdOf(live) : partsOf(target);
  if (named === undefined) return true;
  const namespace = live.metadata.namespace ?? "";
  return (
    (namespace === "" || namespace === named.namespace) &&
    live.metadata.name === named.name &&
    parseApiVersion(live.apiVersion).group === named.group &&
    live.kind === named.kind
  );
}
