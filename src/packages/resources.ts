import type { Resource } from "../client/index.ts";

const idpbuilder = { group: "idpbuilder.cnoe.io", version: "v1alpha1" };
const argoproj = { group: "argoproj.io", version: "v1alpha1", namespaced: true };

export const localbuilds: Resource = { ...idpbuilder, resource: "localbuilds", kind: "Localbuild", namespaced: false };
export const customPackages: Resource = {
  ...idpbuilder,
  resource: "custompackages",
  kind: "CustomPackage",
  namespaced: true,
};
export const gitRepositories: Resource = {
  ...idpbuilder,
  resource: "gitrepositories",
  kind: "GitRepository",
  namespaced: true,
};
export const namespaces: Resource = {
  group: "",
  version: "v1",
  resource: "namespaces",
  kind: "Namespace",
  namespaced: false,
};

const argoResources: Record<"Application" | "ApplicationSet", Resource> = {
  Application: { ...argoproj, resource: "applications", kind: "Application" },
  ApplicationSet: { ...argoproj, resource: "applicationsets", kind: "ApplicationSet" },
};

/** The resource of one of the two kinds a package may hold. */
export function argoResource(kind: "Application" | "ApplicationSet"): Resource {
  return argoResources[kind];
}

/** Who writes these objects, as idpbuilder's own field manager is named. */
export const fieldManager = "idpbuilder";

export const labels = { packageName: "cnoe.io/package-name", packageType: "cnoe.io/package-type" };
export const annotations = {
  startTime: "cnoe.io/cli-start-time",
  observedStartTime: "cnoe.io/last-observed-cli-start-time",
  priority: "cnoe.io/package-priority",
  sourcePath: "cnoe.io/package-source-path",
  /** On a Localbuild: a JSON list of all packages in the order they were given; the lists of the spec do not keep it. */
  order: "skiff.dev/package-order",
};

/** Keeps a CustomPackage until its Application is gone. */
export const applicationFinalizer = "skiff.dev/application";

/** Namespace of what belongs to one platform. */
export function platformNamespace(name: string): string {
  return `idpbuilder-${name}`;
}
