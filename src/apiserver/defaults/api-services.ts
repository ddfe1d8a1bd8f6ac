import type { Fields, KubeObject } from "../../apimachinery/index.ts";
import { builtinResources } from "../../apis/index.ts";
import { type DefaultObject, timeOfBirth } from "./default-object.ts";

export const apiServicesName = "apiservices.apiregistration.k8s.io";
/** How an APIService that the server looks after is marked: `onstart` for its own groups, `true` for those of CRDs. */
export const automanaged = "kube-aggregator.kubernetes.io/automanaged";

/** Where the groups stand among the others; kube-apiserver's own table. */
const groupPriorities: Readonly<Record<string, number>> = {
  "": 18_000,
  apps: 17_800,
  "events.k8s.io": 17_750,
  "authentication.k8s.io": 17_700,
  "authorization.k8s.io": 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  "certificates.k8s.io": 17_300,
  "networking.k8s.io": 17_200,
  policy: 17_100,
  "rbac.authorization.k8s.io": 17_000,
  "storage.k8s.io": 16_800,
  "admissionregistration.k8s.io": 16_700,
  "apiextensions.k8s.io": 16_700,
  "scheduling.k8s.io": 16_600,
  "coordination.k8s.io": 16_500,
  "node.k8s.io": 16_300,
  "discovery.k8s.io": 16_200,
  "resource.k8s.io": 16_200,
  "flowcontrol.apiserver.k8s.io": 16_100,
};
/** Where versions stand in their group, when it is not {@link usualVersionPriority}. */
const versionPriorities: Readonly<Record<string, number>> = {
  v1: 1,
  "v2.autoscaling": 30,
  "v1.flowcontrol.apiserver.k8s.io": 21,
  "v1.resource.k8s.io": 21,
};
const usualVersionPriority = 15;

/** One APIService for every version that the server has built in; its own group it registers nowhere. */
export function apiServiceObjects(): DefaultObject[] {
  const served = new Map(builtinResources.map(({ group, version }) => [`${group}/${version}`, { group, version }]));
  return [...served.values()].flatMap(({ group, version }) => {
    const groupPriorityMinimum = groupPriorities[group];
    if (groupPriorityMinimum === undefined) return [];
    const versionPriority = versionPriorities[group === "" ? version : `${version}.${group}`] ?? usualVersionPriority;
    const object = localApiService({ group, version, groupPriorityMinimum, versionPriority }, "onstart");
    return [{ storageName: apiServicesName, object: { ...object, status: localStatus(timeOfBirth) } }];
  });
}

/** The APIService of a version that this server itself serves. */
export function localApiService(
  served: { group: string; version: string; groupPriorityMinimum: number; versionPriority: number },
  managed: "onstart" | "true",
): KubeObject {
  const { group, version, ...priorities } = served;
  const spec = group === "" ? { version, ...priorities } : { group, version, ...priorities };
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: `${version}.${group}`, labels: { [automanaged]: managed } },
    spec,
  };
}

/** What a local APIService says of itself. */
export function localStatus(time: string): Fields {
  const message = "Local APIServices are always available";
  const condition = { type: "Available", status: "True", lastTransitionTime: time, reason: "Local", message };
  return { conditions: [condition] };
}
