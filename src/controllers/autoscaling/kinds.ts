import type { Fields, KubeObject, LabelSelectorObject } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import type { TargetReference } from "../scale-target.ts";

export const autoscalers: Resource = {
  group: "autoscaling",
  version: "v2",
  resource: "horizontalpodautoscalers",
  kind: "HorizontalPodAutoscaler",
  namespaced: true,
};

export type MetricTarget = {
  type?: string;
  value?: string | number;
  averageValue?: string | number;
  averageUtilization?: number;
};
export type MetricIdentifier = { name: string; selector?: LabelSelectorObject };
export type MetricSpec = {
  type: string;
  resource?: { name: string; target: MetricTarget };
  containerResource?: { name: string; container: string; target: MetricTarget };
  pods?: { metric: MetricIdentifier; target: MetricTarget };
  object?: { metric: MetricIdentifier; describedObject: TargetReference; target: MetricTarget };
  external?: { metric: MetricIdentifier; target: MetricTarget };
};

export type ScalingRules = {
  stabilizationWindowSeconds?: number;
  selectPolicy?: string;
  policies?: { type: string; value: number; periodSeconds: number }[];
};

export type AutoscalerCondition = {
  type: string;
  status: string;
  lastTransitionTime?: string;
  reason: string;
  message: string;
};

export type AutoscalerStatus = {
  currentReplicas?: number;
  desiredReplicas: number;
  lastScaleTime?: string;
  /** Null while nothing was measured: Go writes a list that is not there so. */
  currentMetrics?: Fields[] | null;
  conditions?: AutoscalerCondition[];
};

export type Autoscaler = KubeObject & {
  spec: {
    scaleTargetRef: TargetReference;
    minReplicas?: number;
    maxReplicas: number;
    metrics?: MetricSpec[];
    behavior?: { scaleUp?: ScalingRules; scaleDown?: ScalingRules };
  };
  status?: AutoscalerStatus;
};
