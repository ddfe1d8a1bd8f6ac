import {
  type Fields,
  fieldsAt,
  itemsAt,
  type KubeObject,
  type LabelSelector,
  numberAt,
  selectorFromObject,
  textAt,
  textsAt,
} from "../../../apimachinery/index.ts";
import type { Server } from "../../server.ts";
import { type ClientConfig, readClientConfig } from "./client-config.ts";

/** Which writes a webhook is asked about. `*` means all. */
export type Rule = {
  operations: string[];
  groups: string[];
  versions: string[];
  /** `pods`, `pods/status`, `*`, and their like. */
  resources: string[];
  scope: string;
  /** Names of objects that it is about; all, unless it says some. */
  names?: readonly string[];
};

/** An expression that must be true of a write for a webhook to be asked. */
export type MatchCondition = { name: string; expression: string };

/** One webhook of a configuration. */
export type Webhook = {
  /** The same as long as the configuration is. */
  id: string;
  name: string;
  /** The whole configuration, whose events tell of its webhooks. */
  configuration: Readonly<KubeObject>;
  client: ClientConfig;
  rules: Rule[];
  equivalent: boolean;
  /** `undefined` selects everything. */
  namespaceSelector: LabelSelector | undefined;
  objectSelector: LabelSelector | undefined;
  conditions: MatchCondition[];
  timeoutSeconds: number;
  ignoresFailure: boolean;
  sideEffects: string;
  reviewVersions: string[];
  /** Asked again when another plug-in has changed the object after it. */
  reinvoked: boolean;
};

export type WebhookKind = "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration";

const storageNames: Readonly<Record<WebhookKind, string>> = {
  MutatingWebhookConfiguration: "mutatingwebhookconfigurations.admissionregistration.k8s.io",
  ValidatingWebhookConfiguration: "validatingwebhookconfigurations.admissionregistration.k8s.io",
};

/** Configurations that have been read, as long as they are stored. */
export type ReadConfigurations = WeakMap<Uint8Array, readonly Webhook[]>;

/** All webhooks of a kind: configurations by name, and in each in its own order. */
export function webhooksOf(server: Server, kind: WebhookKind, known: ReadConfigurations): readonly Webhook[] {
  const prefix = server.keys.prefix(storageNames[kind], "");
  if (server.store.count(prefix) === 0) return [];
  return server.store.range(prefix).entries.flatMap(({ value }) => {
    const read = known.get(value) ?? readConfiguration(server.parsed(value));
    known.set(value, read);
    return read;
  });
}

function readConfiguration(configuration: Readonly<KubeObject>): Webhook[] {
  return itemsAt(configuration, "webhooks").map((webhook, index) => ({
    id: `${configuration.metadata.uid}/${configuration.metadata.resourceVersion}/${index}`,
    name: textAt(webhook, "name"),
    configuration,
    client: readClientConfig(webhook["clientConfig"]),
    rules: itemsAt(webhook, "rules").map(readRule),
    equivalent: textAt(webhook, "matchPolicy") !== "Exact",
    namespaceSelector: readSelector(webhook["namespaceSelector"]),
    objectSelector: readSelector(webhook["objectSelector"]),
    conditions: itemsAt(webhook, "matchConditions").map((condition) => ({
      name: textAt(condition, "name"),
      expression: textAt(condition, "expression"),
    })),
    timeoutSeconds: numberAt(webhook, ["timeoutSeconds"], 10),
    ignoresFailure: textAt(webhook, "failurePolicy") === "Ignore",
    sideEffects: textAt(webhook, "sideEffects"),
    reviewVersions: textsAt(webhook, "admissionReviewVersions"),
    reinvoked: textAt(webhook, "reinvocationPolicy") === "IfNeeded",
  }));
}

/** A rule of a webhook or a policy. */
export function readRule(rule: Fields): Rule {
  return {
    operations: textsAt(rule, "operations"),
    groups: textsAt(rule, "apiGroups"),
    versions: textsAt(rule, "apiVersions"),
    resources: textsAt(rule, "resources"),
    scope: textAt(rule, "scope") || "*",
    names: textsAt(rule, "resourceNames"),
  };
}

/** A selector of a webhook or a policy; `undefined` for one that selects everything. */
export function readSelector(selector: unknown): LabelSelector | undefined {
  const fields = fieldsAt({ selector }, "selector");
  const isEmpty =
    Object.keys(fieldsAt(fields, "matchLabels")).length === 0 && itemsAt(fields, "matchExpressions").length === 0;
  return isEmpty ? undefined : selectorFromObject(fields);
}
