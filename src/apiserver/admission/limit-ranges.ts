import {
  type Fields,
  fieldsAt,
  formatQuantity,
  isFields,
  itemsAt,
  type KubeObject,
  type Quantity,
  textAt,
} from "../../apimachinery/index.ts";
import { type Amounts, amountsAt, podLimits, podRequests } from "../../apis/index.ts";
import type { Server } from "../server.ts";
import { type Admission, type Attempt, refused } from "./admit.ts";
import { objectsOf } from "./lookup.ts";

/** Gives containers the requests and limits that a LimitRange of their namespace has for them, and holds pods and claims to it. */
export const limitRanger: Admission = {
  mutate(server, attempt) {
    const { resource, object } = attempt;
    if (object === undefined || resource.storageName !== "pods") return;
    for (const range of rangesFor(server, attempt)) applyDefaults(range, object);
  },
  validate(server, attempt) {
    const { resource, object } = attempt;
    if (object === undefined) return;
    for (const range of rangesFor(server, attempt)) {
      const problems = resource.storageName === "pods" ? podProblems(range, object) : claimProblems(range, object);
      if (problems.length > 0) throw refused(attempt, aggregate(problems));
    }
  },
};

function rangesFor(server: Server, attempt: Attempt): Readonly<KubeObject>[] {
  const { operation, resource, subresource, live, namespace } = attempt;
  const isPod = resource.storageName === "pods";
  if (!isPod && resource.storageName !== "persistentvolumeclaims") return [];
  if (operation === "DELETE" || live?.metadata.deletionTimestamp !== undefined) return [];
  const resize = isPod && subresource === "resize" && operation === "UPDATE";
  // The containers of a pod stay as they are, except through its `resize`.
  if (!resize && (subresource !== "" || (isPod && operation === "UPDATE"))) return [];
  return objectsOf(server, "limitranges", namespace);
}

/** As Go joins errors: one by itself, several in brackets, equal ones once. */
function aggregate(problems: readonly string[]): string {
  const unique = [...new Set(problems)];
  return unique.length === 1 ? (unique[0] ?? "") : `[${unique.join(", ")}]`;
}

function applyDefaults(range: KubeObject, pod: KubeObject): void {
  const perContainer = itemsAt(range, "spec", "limits").filter(({ type }) => type === "Container");
  const limits = Object.assign({}, ...perContainer.map((limit) => fieldsAt(limit, "default")));
  const requests = Object.assign({}, ...perContainer.map((limit) => fieldsAt(limit, "defaultRequest")));
  const said = [
    ...itemsAt(pod, "spec", "containers").flatMap((container) => fill(container, { limits, requests }, "container")),
    ...itemsAt(pod, "spec", "initContainers").flatMap((container) =>
      fill(container, { limits, requests }, "init container"),
    ),
  ];
  if (said.length === 0) return;
  const text = `LimitRanger plugin set: ${said.join("; ")}`;
  pod.metadata.annotations = { ...pod.metadata.annotations, "kubernetes.io/limit-ranger": text };
}

/** @returns what was filled in, in words */
function fill(container: Fields, defaults: { limits: Fields; requests: Fields }, what: string): string[] {
  return (["requests", "limits"] as const).flatMap((list) => {
    const own = fieldsAt(container, "resources", list);
    const missing = Object.keys(defaults[list]).filter((name) => own[name] === undefined);
    if (missing.length === 0) return [];
    const resources = isFields(container["resources"]) ? container["resources"] : {};
    container["resources"] = resources;
    resources[list] = { ...own, ...Object.fromEntries(missing.map((name) => [name, defaults[list][name]])) };
    return [`${missing.sort().join(", ")} ${list.slice(0, -1)} for ${what} ${textAt(container, "name")}`];
  });
}

function podProblems(range: KubeObject, pod: KubeObject): string[] {
  return itemsAt(range, "spec", "limits").flatMap((limit) => {
    if (limit["type"] === "Container") {
      const containers = [...itemsAt(pod, "spec", "containers"), ...itemsAt(pod, "spec", "initContainers")];
      return containers.flatMap((container) =>
        problemsOf(limit, amountsAt(container, "resources", "requests"), amountsAt(container, "resources", "limits")),
      );
    }
    if (limit["type"] !== "Pod") return [];
    const options = { overhead: false, status: false };
    return problemsOf(limit, podRequests(pod, options), podLimits(pod, options));
  });
}

function claimProblems(range: KubeObject, claim: KubeObject): string[] {
  const requests = amountsAt(claim, "spec", "resources", "requests");
  return itemsAt(range, "spec", "limits").flatMap((limit) => {
    if (limit["type"] !== "PersistentVolumeClaim") return [];
    return [
      ...each(limit, "min", (name, bound) => minProblem(limit, { name, bound, request: requests.get(name) })),
      ...each(limit, "max", (name, bound) => {
        const request = requests.get(name);
        const must = `maximum ${name} usage per PersistentVolumeClaim is ${formatQuantity(bound)}`;
        if (request === undefined) return `${must}.  No request is specified`;
        return milli(request) > milli(bound) ? `${must}, but request is ${formatQuantity(request)}` : undefined;
      }),
    ];
  });
}

function problemsOf(limit: Fields, requests: Amounts, limits: Amounts): string[] {
  const asked = (name: string, bound: Quantity) => ({
    name,
    bound,
    request: requests.get(name),
    limited: limits.get(name),
  });
  return [
    ...each(limit, "min", (name, bound) => minProblem(limit, asked(name, bound))),
    ...each(limit, "max", (name, bound) => maxProblem(limit, asked(name, bound))),
    ...each(limit, "maxLimitRequestRatio", (name, bound) => ratioProblem(limit, asked(name, bound))),
  ];
}

function each(limit: Fields, list: string, check: (name: string, bound: Quantity) => string | undefined): string[] {
  const bounds = [...amountsAt(limit, list)].sort(([a], [b]) => (a < b ? -1 : 1));
  return bounds.flatMap(([name, bound]) => check(name, bound) ?? []);
}

type Asked = { name: string; bound: Quantity; request: Quantity | undefined; limited?: Quantity | undefined };

function minProblem({ type }: Fields, { name, bound, request, limited }: Asked): string | undefined {
  const must = `minimum ${name} usage per ${type} is ${formatQuantity(bound)}`;
  if (request === undefined) return `${must}.  No request is specified`;
  if (milli(request) < milli(bound)) return `${must}, but request is ${formatQuantity(request)}`;
  if (limited !== undefined && milli(limited) < milli(bound)) return `${must}, but limit is ${formatQuantity(limited)}`;
  return undefined;
}

function maxProblem({ type }: Fields, { name, bound, request, limited }: Asked): string | undefined {
  const must = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`;
  if (limited === undefined) return `${must}.  No limit is specified`;
  if (milli(limited) > milli(bound)) return `${must}, but limit is ${formatQuantity(limited)}`;
  if (request !== undefined && milli(request) > milli(bound))
    return `${must}, but request is ${formatQuantity(request)}`;
  return undefined;
}

function ratioProblem({ type }: Fields, { name, bound, request, limited }: Asked): string | undefined {
  const must = `${name} max limit to request ratio per ${type} is ${formatQuantity(bound)}`;
  if (request === undefined || milli(request) === 0n) return `${must}, but no request is specified or request is 0`;
  if (limited === undefined || milli(limited) === 0n) return `${must}, but no limit is specified or limit is 0`;
  const ratio = Number(milli(limited)) / Number(milli(request));
  return ratio * 1000 > Number(milli(bound)) ? `${must}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}

/** Thousandths, rounded up: what Kubernetes compares. */
function milli({ nanos }: Quantity): bigint {
  return (nanos + 999_999n) / 1_000_000n;
}
