import type { Resource } from "../client/index.ts";

export const applications: Resource = {
  group: "argoproj.io",
  version: "v1alpha1",
  resource: "applications",
  kind: "Application",
  namespaced: true,
};

export const nodes: Resource = { group: "", version: "v1", resource: "nodes", kind: "Node", namespaced: false };

export const applicationSets: Resource = { ...applications, resource: "applicationsets", kind: "ApplicationSet" };

export const logicalClusters: Resource = {
  group: "skiff.dev",
  version: "v1alpha1",
  resource: "logicalclusters",
  kind: "LogicalCluster",
  namespaced: false,
};
