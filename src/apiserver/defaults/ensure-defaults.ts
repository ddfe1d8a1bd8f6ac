import { cloneJson, deepEqual, type KubeObject } from "../../apimachinery/index.ts";
import type { Store } from "../../storage/index.ts";
import { rbacGroup } from "../access/policy/default-policy.ts";
import { type Server, timestamp } from "../server.ts";
import { decodeStored } from "../stored.ts";
import { ownWriting } from "../upkeep/reaction.ts";
import { updateObject } from "../write/update.ts";
import { defaultObjects } from "./default-objects.ts";
import { flowControlProducer, flowSchemasName, priorityLevelsName } from "./flow-control.ts";
import { defaultObjectAt, isDeleted } from "./store-with-defaults.ts";

/** An object of flow control whose annotation says `false` is left as it is. */
const autoUpdate = "apf.kubernetes.io/autoupdate-spec";
const folders = [...new Set([...defaultObjects.values()].map(({ storageName }) => storageName))].filter(
  (name) => !name.endsWith(`.${rbacGroup}`),
);

/**
 * Makes default objects anew that were deleted, as a real API server does when it starts, and gives the bootstrap configuration of
 * flow control its first content back. Roles and bindings have rules of their own.
 *
 * @param stored what is really stored, without the defaults
 */
export async function ensureDefaults(server: Server, stored: Store): Promise<void> {
  const repairs = folders.flatMap((folder) => {
    const prefix = server.keys.prefix(folder, "");
    return stored.range(prefix).entries.flatMap((entry): Promise<unknown>[] => {
      const name = entry.key.slice(prefix.length);
      const original = defaultObjects.has(`${folder}/${name}`) ? defaultObjectAt(stored, entry.key) : undefined;
      if (original === undefined) return [];
      if (isDeleted(entry)) return [server.writer.put(entry.key, 0, anew(server, original))];
      return folder === flowSchemasName || folder === priorityLevelsName
        ? [resetSpec(server, original, decodeStored(entry.value))]
        : [];
    });
  });
  await Promise.all(repairs);
}

function anew(server: Server, original: KubeObject): KubeObject {
  const creationTimestamp = timestamp(server.now());
  const managedFields = original.metadata.managedFields?.map((entry) => ({ ...entry, time: creationTimestamp }));
  const metadata = { ...original.metadata, uid: server.newUid(), creationTimestamp };
  return { ...original, metadata: managedFields === undefined ? metadata : { ...metadata, managedFields } };
}

async function resetSpec(server: Server, original: KubeObject, live: KubeObject): Promise<void> {
  if (live.metadata.annotations?.[autoUpdate] !== "true" || deepEqual(live["spec"], original["spec"])) return;
  const resources = original.kind === "FlowSchema" ? "flowschemas" : "prioritylevelconfigurations";
  const resource = server.registry.catalog.find("flowcontrol.apiserver.k8s.io", "v1", resources);
  if (resource === undefined) return;
  const place = { resource, namespace: "", name: live.metadata.name ?? "", subresource: "" };
  const writing = { ...ownWriting(), manager: flowControlProducer };
  await updateObject(server, place, writing, (now) => ({
    object: { ...cloneJson(now), spec: cloneJson(original["spec"]) },
  }));
}
