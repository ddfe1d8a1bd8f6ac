import {
  deepEqual,
  type KubeObject,
  type LabelSelectorObject,
  matchesLabels,
  selectorFromObject,
} from "../apimachinery/index.ts";
import type { Resource } from "../client/index.ts";
import { type Result, startController } from "../controller-runtime/index.ts";
import type { ControllerContext } from "./context.ts";

export type ClusterRole = KubeObject & {
  rules?: unknown[] | null;
  aggregationRule?: { clusterRoleSelectors?: LabelSelectorObject[] };
};

const clusterRoles: Resource = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  resource: "clusterroles",
  kind: "ClusterRole",
  namespaced: false,
};

/** Under this name Kubernetes' own controller owns the rules. */
const fieldManager = "clusterrole-aggregation-controller";

/** Keeps the rules of ClusterRoles with an `aggregationRule` equal to those of the roles that it selects. */
export function startClusterRoleAggregation({ client, informers, log }: ControllerContext): AsyncDisposable {
  const roles = informers.of<ClusterRole>(clusterRoles);
  const controller = startController({
    name: "cluster-role-aggregation",
    log,
    reconcile: async (name): Promise<Result> => {
      // With half of the roles in the cache it would take rules away.
      await roles.synced();
      const role = roles.get(undefined, name);
      const rules = role && gatheredRules(role, roles.all());
      if (rules === undefined || deepEqual(rules, role?.rules ?? [])) return { state: "done" };
      const { group, version, kind } = clusterRoles;
      const applied = {
        apiVersion: `${group}/${version}`,
        kind,
        metadata: { name },
        ...(rules.length > 0 && { rules }),
      };
      await client.patch(clusterRoles, { name }, "apply", applied, { fieldManager, force: true });
      return { state: "done" };
    },
  });
  // There are few roles, and any of them may be part of any other.
  const enqueueAll = () => {
    for (const { metadata, aggregationRule } of roles.all())
      if (aggregationRule !== undefined && metadata.name !== undefined) controller.enqueue(metadata.name);
  };
  const listener = roles.listen({ onChange: enqueueAll, onDelete: enqueueAll });
  return {
    async [Symbol.asyncDispose]() {
      listener[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

/**
 * The rules of all roles that a role selects, each once: selector by selector, roles in the order of their names.
 *
 * @returns `undefined` for a role whose rules are its own
 */
export function gatheredRules(role: ClusterRole, all: readonly ClusterRole[]): unknown[] | undefined {
  if (role.aggregationRule === undefined) return undefined;
  const byName = all
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .sort((a, b) => ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1));
  const rules: unknown[] = [];
  for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
    const requirements = selectorFromObject(selector);
    const selected = byName.filter(({ metadata }) => matchesLabels(requirements, metadata.labels ?? {}));
    for (const rule of selected.flatMap((part) => part.rules ?? []))
      if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
  }
  return rules;
}
