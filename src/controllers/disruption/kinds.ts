import type { KubeObject, LabelSelectorObject } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import type { IntOrPercent } from "../workloads/kinds.ts";

export const budgets: Resource = {
  group: "policy",
  version: "v1",
  resource: "poddisruptionbudgets",
  kind: "PodDisruptionBudget",
  namespaced: true,
};

/** As of `metav1.Condition`: unlike the conditions of most kinds it names the generation. */
export type BudgetCondition = {
  type: string;
  status: string;
  observedGeneration?: number;
  lastTransitionTime: string;
  reason: string;
  message: string;
};

export type BudgetStatus = {
  observedGeneration?: number;
  disruptedPods?: Record<string, string>;
  disruptionsAllowed: number;
  currentHealthy: number;
  desiredHealthy: number;
  expectedPods: number;
  conditions?: BudgetCondition[];
};

export type Budget = KubeObject & {
  spec: { minAvailable?: IntOrPercent; maxUnavailable?: IntOrPercent; selector?: LabelSelectorObject };
  status?: BudgetStatus;
};
