import { itemsAt, textAt } from "../../apimachinery/index.ts";
import type { Store } from "../../storage/index.ts";
import {
  danglingCondition,
  flowControlConsumer,
  flowSchemasName,
  priorityLevelsName,
} from "../defaults/flow-control.ts";
import { type Server, timestamp } from "../server.ts";
import { createReaction } from "./reaction.ts";
import { applyStatus } from "./write-status.ts";

/**
 * Keeps the condition `Dangling` of FlowSchemas: whether the priority level that they name exists.
 *
 * @param stored what is really stored, without the defaults: a cluster that has changed none needs no look at its start
 */
export function startFlowSchemaStatus(server: Server, stored: Store): AsyncDisposable {
  const prefixes = [flowSchemasName, priorityLevelsName].map((name) => server.keys.prefix(name, ""));
  const reaction = createReaction(server, "tell FlowSchemas of their priority levels", () => tellAll(server));
  const watches = prefixes.map((prefix) => server.store.watch(prefix, server.store.revision, reaction.wake));
  if (prefixes.some((prefix) => stored.count(prefix) > 0)) reaction.wake();
  return {
    async [Symbol.asyncDispose]() {
      for (const watch of watches) watch[Symbol.dispose]();
      await reaction[Symbol.asyncDispose]();
    },
  };
}

async function tellAll(server: Server): Promise<void> {
  const resource = server.registry.catalog.find("flowcontrol.apiserver.k8s.io", "v1", "flowschemas");
  if (resource === undefined) return;
  const now = timestamp(server.now());
  const changes = server.store.range(server.keys.prefix(flowSchemasName, "")).entries.flatMap(({ value }) => {
    const schema = server.parsed(value);
    const level = textAt(schema, "spec", "priorityLevelConfiguration", "name");
    const isDangling = server.store.get(server.keys.key(priorityLevelsName, "", level)) === undefined;
    const condition = danglingCondition(level, isDangling, now);
    const live = itemsAt(schema, "status", "conditions").find(({ type }) => type === "Dangling");
    if (["status", "reason", "message"].every((field) => live?.[field] === condition[field])) return [];
    const { name = "" } = schema.metadata;
    return [applyStatus(server, resource, name, { manager: flowControlConsumer, status: { conditions: [condition] } })];
  });
  await Promise.all(changes);
}
