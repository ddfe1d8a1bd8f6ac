import { type KubeObject, trackUpdate } from "../../apimachinery/index.ts";
import type { ApiResource } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";

/** A new object that the server itself makes, as it is stored; its status, if any, is nobody's. */
export function trackCreate(server: Server, resource: ApiResource, object: KubeObject): KubeObject {
  const now = timestamp(server.now());
  const after = { ...object, status: undefined };
  const managedFields = trackUpdate({
    before: undefined,
    after,
    schema: resource.rules.schema(),
    manager: "kube-apiserver",
    now,
  });
  return { ...object, metadata: { ...object.metadata, uid: server.newUid(), creationTimestamp: now, managedFields } };
}
