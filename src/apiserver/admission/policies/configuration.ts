import {
  fieldsAt,
  isFields,
  itemsAt,
  type KubeObject,
  type LabelSelector,
  selectorFromObject,
  textAt,
  textsAt,
} from "../../../apimachinery/index.ts";
import type { Server } from "../../server.ts";
import { type Rule, readRule, readSelector } from "../webhooks/configuration.ts";
import { type CompiledPolicy, compilePolicy } from "./compile-policy.ts";

/** Which writes a policy or a binding is about. `undefined` selects everything. */
export type Constraints = {
  /** None are about all writes. */
  rules: readonly Rule[];
  excluded: readonly Rule[];
  equivalent: boolean;
  namespaceSelector: LabelSelector | undefined;
  objectSelector: LabelSelector | undefined;
};

export type ParamKind = { apiVersion: string; kind: string };

/** Which parameters a binding gives its policy. */
export type ParamRef = {
  name: string;
  namespace: string;
  selector: LabelSelector | undefined;
  deniesWithout: boolean;
};

export type Policy = {
  name: string;
  constraints: Constraints;
  paramKind: ParamKind | undefined;
  ignoresFailure: boolean;
  /** Compiled when the first write needs it. */
  compiled(): CompiledPolicy;
};

export type Binding = {
  name: string;
  policyName: string;
  constraints: Constraints | undefined;
  paramRef: ParamRef | undefined;
  actions: readonly string[];
};

/** What has been read and compiled, as long as it is stored. */
export type KnownPolicies = { policies: WeakMap<Uint8Array, Policy>; bindings: WeakMap<Uint8Array, Binding> };

export function newKnownPolicies(): KnownPolicies {
  return { policies: new WeakMap(), bindings: new WeakMap() };
}

/** The policies that have bindings, with these; both by name. */
export function activePolicies(
  server: Server,
  { policies, bindings }: KnownPolicies,
): { policy: Policy; bindings: Binding[] }[] {
  const bound = readAll(server, "validatingadmissionpolicybindings", bindings, readBinding);
  if (bound.length === 0) return [];
  const byPolicy = Map.groupBy(bound, ({ policyName }) => policyName);
  return readAll(server, "validatingadmissionpolicies", policies, readPolicy).flatMap((policy) => {
    const own = byPolicy.get(policy.name);
    return own === undefined ? [] : [{ policy, bindings: own }];
  });
}

function readAll<T>(
  { store, keys, parsed }: Server,
  resource: string,
  known: WeakMap<Uint8Array, T>,
  read: (object: Readonly<KubeObject>) => T,
): T[] {
  const prefix = keys.prefix(`${resource}.admissionregistration.k8s.io`, "");
  if (store.count(prefix) === 0) return [];
  return store.range(prefix).entries.map(({ value }) => {
    let one = known.get(value);
    if (one === undefined) {
      one = read(parsed(value));
      known.set(value, one);
    }
    return one;
  });
}

function readPolicy(policy: Readonly<KubeObject>): Policy {
  const spec = fieldsAt(policy, "spec");
  const { paramKind } = spec;
  let compiled: CompiledPolicy | undefined;
  return {
    name: policy.metadata.name ?? "",
    constraints: readConstraints(spec["matchConstraints"]),
    paramKind: isFields(paramKind)
      ? { apiVersion: textAt(paramKind, "apiVersion"), kind: textAt(paramKind, "kind") }
      : undefined,
    ignoresFailure: textAt(spec, "failurePolicy") === "Ignore",
    compiled: () => (compiled ??= compilePolicy(spec)),
  };
}

function readBinding(binding: Readonly<KubeObject>): Binding {
  const spec = fieldsAt(binding, "spec");
  const { paramRef, matchResources } = spec;
  return {
    name: binding.metadata.name ?? "",
    policyName: textAt(spec, "policyName"),
    constraints: isFields(matchResources) ? readConstraints(matchResources) : undefined,
    paramRef: isFields(paramRef)
      ? {
          name: textAt(paramRef, "name"),
          namespace: textAt(paramRef, "namespace"),
          selector: isFields(paramRef["selector"]) ? selectorFromObject(paramRef["selector"]) : undefined,
          deniesWithout: textAt(paramRef, "parameterNotFoundAction") === "Deny",
        }
      : undefined,
    actions: textsAt(spec, "validationActions"),
  };
}

function readConstraints(match: unknown): Constraints {
  return {
    rules: itemsAt(match, "resourceRules").map(readRule),
    excluded: itemsAt(match, "excludeResourceRules").map(readRule),
    equivalent: textAt(match, "matchPolicy") === "Equivalent",
    namespaceSelector: readSelector(fieldsAt(match, "namespaceSelector")),
    objectSelector: readSelector(fieldsAt(match, "objectSelector")),
  };
}
