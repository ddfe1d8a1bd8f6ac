import { quoteGo } from "../../apimachinery/index.ts";
import { type CapabilitiesInput, createCapabilities } from "../template/capabilities.ts";
import { GoError } from "../template/go-error.ts";
import type { Value } from "../template/values.ts";

/** What the binary that we follow says of itself in `.Capabilities.HelmVersion`. */
const helmVersion = {
  helmVersion: "v4.1.4",
  gitCommit: "05fa37973dc9e42b76e1d2883494c87174b6074f",
  gitTreeState: "clean",
  goVersion: "go1.25.9",
  kubeClientVersion: "v1.35",
} as const satisfies Partial<CapabilitiesInput>;

/** The version that Helm 4.1 takes a cluster to have when it does not ask one: that of its client library. */
export const defaultKubeVersion = "v1.35.0";

/** The API versions that Helm 4.1 takes a cluster to have when it does not ask one, in its order. */
const defaultApiVersions: readonly string[] = [
  "v1",
  ...versions("admissionregistration.k8s.io", "v1 v1alpha1 v1beta1"),
  ...versions("internal.apiserver.k8s.io", "v1alpha1"),
  ...versions("apps", "v1 v1beta1 v1beta2"),
  ...versions("authentication.k8s.io", "v1 v1alpha1 v1beta1"),
  ...versions("authorization.k8s.io", "v1 v1beta1"),
  ...versions("autoscaling", "v1 v2 v2beta1 v2beta2"),
  ...versions("batch", "v1 v1beta1"),
  ...versions("certificates.k8s.io", "v1 v1beta1 v1alpha1"),
  ...versions("coordination.k8s.io", "v1alpha2 v1beta1 v1"),
  ...versions("discovery.k8s.io", "v1 v1beta1"),
  ...versions("events.k8s.io", "v1 v1beta1"),
  ...versions("extensions", "v1beta1"),
  ...versions("flowcontrol.apiserver.k8s.io", "v1 v1beta1 v1beta2 v1beta3"),
  ...versions("networking.k8s.io", "v1 v1beta1"),
  ...versions("node.k8s.io", "v1 v1alpha1 v1beta1"),
  ...versions("policy", "v1 v1beta1"),
  ...versions("rbac.authorization.k8s.io", "v1 v1beta1 v1alpha1"),
  ...versions("resource.k8s.io", "v1 v1beta2 v1beta1 v1alpha3"),
  ...versions("scheduling.k8s.io", "v1alpha1 v1beta1 v1"),
  ...versions("storage.k8s.io", "v1beta1 v1 v1alpha1"),
  ...versions("storagemigration.k8s.io", "v1beta1"),
  ...versions("apiextensions.k8s.io", "v1beta1 v1"),
];

function versions(group: string, list: string): string[] {
  return list.split(" ").map((version) => `${group}/${version}`);
}

/** `.Capabilities`; see `HelmOptions` for what the fields mean. */
export function capabilitiesFor(kubeVersion: string, apiVersions: readonly string[], isOnly: boolean): Value {
  return createCapabilities({
    ...helmVersion,
    kubeVersion,
    apiVersions: isOnly ? apiVersions : [...defaultApiVersions, ...apiVersions],
  });
}

/**
 * The numbers of a version of Kubernetes, without what clouds add to it: what constraints are held against.
 *
 * @throws {GoError} in the words of k8s.io/apimachinery
 */
export function normalizeKubeVersion(version: string): string {
  const [, numbers] = /^\s*v?([0-9]+(?:\.[0-9]+)*)/.exec(version) ?? [];
  if (numbers === undefined) throw new GoError(`could not parse ${quoteGo(version)} as version`);
  const parts = numbers.split(".");
  if (parts.length < 2) throw new GoError(`illegal version string ${quoteGo(version)}`);
  const [first = ""] = parts;
  if (first.startsWith("0") && first !== "0") {
    throw new GoError(`illegal zero-prefixed version component ${quoteGo(first)} in ${quoteGo(version)}`);
  }
  return `v${parts.map((part) => BigInt(part)).join(".")}`;
}
