import { type Fields, fieldsAt, isFields, itemsAt, textAt } from "../../../apimachinery/index.ts";
import { fill, fillEmpty, isEmpty, makeFields } from "../fields.ts";

export function defaultDefinition(definition: Fields): void {
  const spec = makeFields(definition, "spec");
  const names = makeFields(spec, "names");
  const kind = textAt(names, "kind");
  fillEmpty(names, "singular", kind.toLowerCase());
  if (kind !== "") fillEmpty(names, "listKind", `${kind}List`);
  const conversion = makeFields(spec, "conversion");
  fillEmpty(conversion, "strategy", "None");
  defaultServicePort(fieldsAt(conversion, "webhook", "clientConfig"));
}

export function defaultWebhooks(configuration: Fields): void {
  const mutating = configuration["kind"] === "MutatingWebhookConfiguration";
  for (const webhook of itemsAt(configuration, "webhooks")) {
    fill(webhook, "failurePolicy", "Fail");
    fill(webhook, "matchPolicy", "Equivalent");
    fill(webhook, "namespaceSelector", {});
    fill(webhook, "objectSelector", {});
    fill(webhook, "timeoutSeconds", 10);
    if (mutating) fill(webhook, "reinvocationPolicy", "Never");
    for (const rule of itemsAt(webhook, "rules")) fill(rule, "scope", "*");
    defaultServicePort(fieldsAt(webhook, "clientConfig"));
  }
}

export function defaultAdmissionPolicy(policy: Fields): void {
  const spec = makeFields(policy, "spec");
  fill(spec, "failurePolicy", "Fail");
  defaultMatch(spec["matchConstraints"]);
}

export function defaultAdmissionBinding(binding: Fields): void {
  defaultMatch(makeFields(binding, "spec")["matchResources"]);
}

export function defaultApiService(service: Fields): void {
  const spec = makeFields(service, "spec");
  const reference = spec["service"];
  if (isFields(reference)) fill(reference, "port", 443);
}

function defaultMatch(match: unknown): void {
  if (!isFields(match)) return;
  fill(match, "matchPolicy", "Equivalent");
  fill(match, "namespaceSelector", {});
  fill(match, "objectSelector", {});
  for (const rule of [...itemsAt(match, "resourceRules"), ...itemsAt(match, "excludeResourceRules")])
    fill(rule, "scope", "*");
}

function defaultServicePort(client: Fields): void {
  const service = client["service"];
  if (isFields(service) && !isEmpty(service)) fill(service, "port", 443);
}
