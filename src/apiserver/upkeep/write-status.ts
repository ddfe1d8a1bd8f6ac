import { applyServerSide, cloneJson, type Fields, type KubeObject } from "../../apimachinery/index.ts";
import type { ApiResource } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import type { Change } from "../write/update.ts";
import { updateObject } from "../write/update.ts";
import { ownWriting } from "./reaction.ts";

/** Writes a status in the server's own name. @param status of the object as it is now */
export async function writeStatus(
  server: Server,
  resource: ApiResource,
  name: string,
  status: (live: Readonly<KubeObject>) => Fields,
): Promise<void> {
  await updateObject(server, placeOf(resource, name), ownWriting(), (live) => {
    const object: KubeObject = cloneJson(live);
    object["status"] = status(live);
    return { object, internal: true };
  });
}

/** Applies a status in the name of a manager, whatever others have said. */
export async function applyStatus(
  server: Server,
  resource: ApiResource,
  name: string,
  options: { manager: string; status: Fields },
): Promise<void> {
  const { manager, status } = options;
  await updateObject(server, placeOf(resource, name), ownWriting(), (live): Change => {
    const object = applyServerSide({
      live,
      applied: { apiVersion: resource.apiVersion, kind: resource.kind, metadata: { name }, status },
      schema: resource.rules.schema(),
      manager,
      force: true,
      subresource: "status",
      now: timestamp(server.now()),
    });
    return { object: cloneJson(object), managed: object.metadata.managedFields ?? [], internal: true };
  });
}

function placeOf(resource: ApiResource, name: string) {
  return { resource, namespace: "", name, subresource: "status" };
}
