import { cloneJson, isStatusError } from "../../apimachinery/index.ts";
import { errorText, type User } from "../../lib/index.ts";
import type { ApiResource } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import type { Writing } from "../write/create.ts";
import { deleteObject, parseDeleteOptions } from "../write/delete.ts";
import { updateObject } from "../write/update.ts";
import { othersOf } from "./admission.ts";
import { definitionsName } from "./definition.ts";
import { definitionStatus } from "./names.ts";
import { cleanupFinalizer, setTerminating } from "./terminating.ts";

const self: User = { name: "system:apiserver", groups: ["system:masters"] };
const background = parseDeleteOptions(undefined, new URLSearchParams());

/**
 * Finishes what the deletion of CRDs begins: deletes their objects, lets a CRD go when none is left, and gives names that
 * came free to CRDs that wait for them.
 */
export function startDefinitionCleanup(server: Server): AsyncDisposable {
  const watches = new Map<string, Disposable>();
  const running = new Set<Promise<void>>();
  let closed = false;
  const run = (work: () => Promise<void>) => {
    if (closed) return;
    const promise = work()
      .catch((error: unknown) => {
        if (!closed && !isStatusError(error, "NotFound"))
          server.log.warn("Cannot finish the deletion of a CRD", { why: errorText(error) });
      })
      .finally(() => running.delete(promise));
    running.add(promise);
  };

  const look = () => {
    const definitions = [...server.registry.definitions()];
    const names = new Set(definitions.map(({ definition }) => definition.name));
    for (const [name, watch] of watches) {
      if (names.has(name)) continue;
      watch[Symbol.dispose]();
      watches.delete(name);
    }
    for (const { definition, entry, resources } of definitions) {
      if (!definition.namesAccepted) run(() => rename(server, definition.name));
      if (!definition.terminating || watches.has(definition.name)) continue;
      if (!server.parsed(entry.value).metadata.finalizers?.includes(cleanupFinalizer)) continue;
      // Told of every object that goes, so that the last one ends it, whoever held it with a finalizer.
      const prefix = server.keys.prefix(definition.name, "");
      const watch = server.store.watch(prefix, server.store.revision, (events) => {
        if (events.some(({ type }) => type === "delete") && server.store.count(prefix) === 0)
          run(() => release(server, definition.name));
      });
      watches.set(definition.name, watch);
      run(() => removeInstances(server, definition.name, resources[0]));
    }
  };
  look();
  const watch = server.registry.onChange(look);
  return {
    async [Symbol.asyncDispose]() {
      closed = true;
      watch[Symbol.dispose]();
      for (const instances of watches.values()) instances[Symbol.dispose]();
      await Promise.all(running);
    },
  };
}

async function removeInstances(server: Server, definition: string, instances: ApiResource | undefined): Promise<void> {
  const message = "CustomResource deletion is in progress";
  const { resource, writing } = definitions(server);
  await updateObject(server, placeOf(resource, definition), writing, (live) => {
    const crd = cloneJson(live);
    setTerminating(crd, { status: "True", reason: "InstanceDeletionInProgress", message }, timestamp(server.now()));
    return { object: crd, internal: true };
  });
  const prefix = server.keys.prefix(definition, "");
  const deletes = server.store.range(prefix).entries.map(({ key, modRevision }) => {
    // No version is served: nobody can have asked for an order in which they go.
    if (instances === undefined) return server.writer.delete(key, modRevision);
    return deleteObject(
      server,
      { resource: instances, ...server.keys.nameOf(key, instances.namespaced), subresource: "" },
      writing,
      background,
    );
  });
  for (const result of await Promise.allSettled<unknown>(deletes)) {
    if (result.status === "rejected" && !isStatusError(result.reason, "NotFound")) throw result.reason;
  }
  if (server.store.count(prefix) === 0) await release(server, definition);
}

/** Lets a CRD go whose objects are gone. */
async function release(server: Server, definition: string): Promise<void> {
  const { resource, writing } = definitions(server);
  await updateObject(server, placeOf(resource, definition), writing, (live) => {
    const crd = cloneJson(live);
    crd.metadata.finalizers = crd.metadata.finalizers?.filter((finalizer) => finalizer !== cleanupFinalizer);
    setTerminating(
      crd,
      { status: "False", reason: "InstanceDeletionCompleted", message: "removed all instances" },
      timestamp(server.now()),
    );
    return { object: crd, internal: true };
  });
}

/** Gives a CRD names that it wanted and that are free by now. */
async function rename(server: Server, name: string): Promise<void> {
  const { resource, writing } = definitions(server);
  await updateObject(server, placeOf(resource, name), writing, (crd) => {
    const status = definitionStatus(crd, othersOf(server, crd, name), timestamp(server.now()));
    return { object: { ...crd, status }, internal: true };
  });
}

function placeOf(resource: ApiResource, name: string) {
  return { resource, namespace: "", name, subresource: "status" };
}

function definitions(server: Server): { resource: ApiResource; writing: Writing } {
  const resource = server.registry.catalog.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  if (resource === undefined) throw new Error(`Cannot clean up CRDs: ${definitionsName} is not served`);
  return { resource, writing: { user: self, dryRun: false, manager: "kube-apiserver", warnings: [], admitted: true } };
}
