import {
  duplicateValue,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  itemsAt,
  listAt,
  requiredValue,
  textAt,
  validateDns1035Label,
  validateSubdomain,
} from "../../../apimachinery/index.ts";
import { validateOperationRule } from "./admission-policies.ts";
import {
  type Causes,
  choice,
  eachItem,
  immutable,
  inRange,
  named,
  portNumber,
  required,
  requiredName,
  validateSelector,
} from "./values.ts";

/** What a CustomResourceDefinition says about names and versions. Its schemas, and the paths into them, are judged where they are used. */
export function validateDefinition(definition: Fields): Causes {
  const spec = fieldsAt(definition, "spec");
  const names = fieldsAt(spec, "names");
  const group = textAt(spec, "group");
  const versions = itemsAt(spec, "versions");
  const wanted = `${textAt(names, "plural")}.${group}`;
  const name = textAt(definition, "metadata", "name");
  const causes: Causes =
    name === wanted ? [] : [invalidValue("metadata.name", name, 'must be spec.names.plural+"."+spec.group')];
  causes.push(...requiredName("spec.group", group, validateSubdomain));
  if (group !== "" && !group.includes("."))
    causes.push(invalidValue("spec.group", group, "should be a domain with at least one dot"));
  causes.push(...choice("spec.scope", spec["scope"], ["Cluster", "Namespaced"], "required"));
  const seen = new Set<string>();
  causes.push(
    ...eachItem(spec, "spec", "versions", (version, at) => {
      const label = textAt(version, "name");
      const found = named(`${at}.name`, label, validateDns1035Label);
      if (seen.has(label)) found.push(invalidValue(`${at}.name`, label, "must be unique"));
      seen.add(label);
      if (!isFields(fieldsAt(version, "schema")["openAPIV3Schema"]))
        found.push(requiredValue(`${at}.schema.openAPIV3Schema`));
      return [
        ...found,
        ...validateSubresources(`${at}.subresources`, fieldsAt(version, "subresources")),
        ...validateColumns(at, version),
      ];
    }),
  );
  if (versions.length === 0) causes.push(requiredValue("spec.versions"));
  if (versions.filter((version) => version["storage"] === true).length !== 1)
    causes.push(invalidValue("spec.versions", versions, "must have exactly one version marked as storage version"));
  return [
    ...causes,
    ...validateNames("spec.names", names),
    ...validateConversion(fieldsAt(spec, "conversion")),
    ...validateStored(definition),
  ];
}

export function validateDefinitionUpdate(definition: Fields, old: Fields): Causes {
  const [spec, before] = [fieldsAt(definition, "spec"), fieldsAt(old, "spec")];
  const established = itemsAt(old, "status", "conditions").some(
    ({ type, status }) => type === "Established" && status === "True",
  );
  const always = ["group", "scope"].flatMap((field) =>
    established || field === "group" ? immutable(`spec.${field}`, spec[field], before[field]) : [],
  );
  if (!established) return always;
  return [
    ...always,
    ...immutable("spec.names.kind", fieldsAt(spec, "names")["kind"], fieldsAt(before, "names")["kind"]),
    ...immutable("spec.names.plural", fieldsAt(spec, "names")["plural"], fieldsAt(before, "names")["plural"]),
  ];
}

function validateNames(path: string, names: Fields): Causes {
  const lower = (field: string): Causes => {
    const text = textAt(names, field);
    if (text === "") return field === "singular" ? [] : [requiredValue(`${path}.${field}`)];
    return named(`${path}.${field}`, text, validateDns1035Label);
  };
  const kinds = ["kind", "listKind"].flatMap((field) => {
    const text = textAt(names, field);
    if (text === "") return [requiredValue(`${path}.${field}`)];
    return validateDns1035Label(text.toLowerCase()).map((problem) =>
      invalidValue(`${path}.${field}`, text, `may have mixed case, but should otherwise match: ${problem}`),
    );
  });
  const lists = ["shortNames", "categories"].flatMap((field) =>
    listAt(names, field).flatMap((text, index) =>
      named(`${path}.${field}[${index}]`, String(text), validateDns1035Label),
    ),
  );
  const causes = [...lower("plural"), ...lower("singular"), ...kinds, ...lists];
  if (textAt(names, "kind") !== "" && names["kind"] === names["listKind"])
    causes.push(invalidValue(`${path}.listKind`, names["listKind"], "kind and listKind may not be the same"));
  return causes;
}

function validateSubresources(path: string, { scale }: Fields): Causes {
  if (!isFields(scale)) return [];
  return (["spec", "status"] as const).flatMap((part) => {
    const field = `${part}ReplicasPath`;
    const text = textAt(scale, field);
    if (text === "") return [requiredValue(`${path}.scale.${field}`)];
    return text.startsWith(`.${part}.`)
      ? []
      : [invalidValue(`${path}.scale.${field}`, text, `should be a json path under .${part}`)];
  });
}

const columnTypes = ["boolean", "date", "integer", "number", "string"];

function validateColumns(path: string, version: Fields): Causes {
  return eachItem(version, path, "additionalPrinterColumns", (column, at) => [
    ...required(`${at}.name`, column["name"]),
    ...(textAt(column, "type") === ""
      ? [requiredValue(`${at}.type`, `must be one of ${columnTypes.join(",")}`)]
      : columnType(at, textAt(column, "type"))),
    ...required(`${at}.jsonPath`, column["jsonPath"]),
  ]);
}

function columnType(path: string, type: string): Causes {
  return columnTypes.includes(type)
    ? []
    : [invalidValue(`${path}.type`, type, `must be one of ${columnTypes.join(",")}`)];
}

function validateConversion(conversion: Fields): Causes {
  const path = "spec.conversion";
  const strategy = textAt(conversion, "strategy");
  const causes = choice(`${path}.strategy`, strategy, ["None", "Webhook"], "required");
  const { webhook } = conversion;
  if (strategy === "None")
    return isFields(webhook)
      ? [...causes, forbiddenValue(`${path}.webhook`, "should not be set when strategy is not set to Webhook")]
      : causes;
  if (strategy !== "Webhook") return causes;
  if (!isFields(webhook))
    return [...causes, requiredValue(`${path}.webhook`, "required when strategy is set to Webhook")];
  causes.push(...required(`${path}.webhook.conversionReviewVersions`, webhook["conversionReviewVersions"]));
  return [...causes, ...validateClient(`${path}.webhook.clientConfig`, fieldsAt(webhook, "clientConfig"))];
}

/** A version with stored objects must stay until they have been migrated. */
function validateStored(definition: Fields): Causes {
  const names = itemsAt(definition, "spec", "versions").map((version) => version["name"]);
  return listAt(definition, "status", "storedVersions").flatMap((stored, index) =>
    names.includes(stored)
      ? []
      : [
          invalidValue(
            `status.storedVersions[${index}]`,
            stored,
            `missing from spec.versions; ${stored} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${stored} and removes ${stored} from status.storedVersions`,
          ),
        ],
  );
}

export function validateWebhooks(configuration: Fields): Causes {
  const mutating = configuration["kind"] === "MutatingWebhookConfiguration";
  const seen = new Set<string>();
  return itemsAt(configuration, "webhooks").flatMap((webhook, index) => {
    const path = `webhooks[${index}]`;
    const name = textAt(webhook, "name");
    const causes = requiredName(`${path}.name`, name, validateSubdomain);
    if (name !== "" && name.split(".").length < 3)
      causes.push(
        invalidValue(`${path}.name`, name, "should be a domain with at least three segments separated by dots"),
      );
    if (seen.has(name)) causes.push(duplicateValue(`${path}.name`, name));
    seen.add(name);
    if (mutating)
      causes.push(...choice(`${path}.reinvocationPolicy`, webhook["reinvocationPolicy"], ["IfNeeded", "Never"]));
    return [...causes, ...validateWebhook(path, webhook)];
  });
}

function validateWebhook(path: string, webhook: Fields): Causes {
  const seconds = webhook["timeoutSeconds"];
  const versions = listAt(webhook, "admissionReviewVersions");
  const causes: Causes = [];
  if (versions.length === 0)
    causes.push(requiredValue(`${path}.admissionReviewVersions`, "must specify one of v1, v1beta1"));
  else if (!versions.some((version) => version === "v1" || version === "v1beta1"))
    causes.push(invalidValue(`${path}.admissionReviewVersions`, versions, "must include at least one of v1, v1beta1"));
  if (textAt(webhook, "sideEffects") === "")
    causes.push(requiredValue(`${path}.sideEffects`, "must specify one of None, NoneOnDryRun"));
  else causes.push(...choice(`${path}.sideEffects`, webhook["sideEffects"], ["None", "NoneOnDryRun"]));
  if (typeof seconds === "number" && (seconds < 1 || seconds > 30))
    causes.push(invalidValue(`${path}.timeoutSeconds`, seconds, "the timeout value must be between 1 and 30 seconds"));
  return [
    ...causes,
    ...choice(`${path}.failurePolicy`, webhook["failurePolicy"], ["Fail", "Ignore"]),
    ...choice(`${path}.matchPolicy`, webhook["matchPolicy"], ["Equivalent", "Exact"]),
    ...eachItem(webhook, path, "rules", validateOperationRule),
    ...validateSelector(`${path}.namespaceSelector`, webhook["namespaceSelector"]),
    ...validateSelector(`${path}.objectSelector`, webhook["objectSelector"]),
    ...validateClient(`${path}.clientConfig`, fieldsAt(webhook, "clientConfig")),
  ];
}

/** Where a webhook is reached: by URL or as a service. */
function validateClient(path: string, { url, service }: Fields): Causes {
  if ((url === undefined) === !isFields(service))
    return [requiredValue(path, "exactly one of url or service is required")];
  if (isFields(service)) {
    return [
      ...required(`${path}.service.name`, service["name"], "service name is required"),
      ...required(`${path}.service.namespace`, service["namespace"], "service namespace is required"),
      ...portNumber(`${path}.service.port`, service["port"]),
    ];
  }
  const text = String(url);
  const example = "; desired format: https://host[/path]";
  if (!URL.canParse(text)) return [requiredValue(`${path}.url`, `url must be a valid URL${example}`)];
  const { protocol, username, search, hash } = new URL(text);
  const causes: Causes = [];
  if (protocol !== "https:")
    causes.push(invalidValue(`${path}.url`, text, `'https' is the only allowed URL scheme${example}`));
  if (username !== "") causes.push(invalidValue(`${path}.url`, text, "user information is not permitted in the URL"));
  if (hash !== "") causes.push(invalidValue(`${path}.url`, text, "fragments are not permitted in the URL"));
  if (search !== "") causes.push(invalidValue(`${path}.url`, text, "query parameters are not permitted in the URL"));
  return causes;
}

export function validateApiService(service: Fields): Causes {
  const spec = fieldsAt(service, "spec");
  const name = textAt(service, "metadata", "name");
  const wanted = `${textAt(spec, "version")}.${textAt(spec, "group")}`.replace(/\.$/, ".");
  const causes: Causes =
    name === wanted
      ? []
      : [invalidValue("metadata.name", name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`)];
  return [
    ...causes,
    ...required("spec.version", spec["version"]),
    ...inRange("spec.groupPriorityMinimum", spec["groupPriorityMinimum"] ?? 0, 1, 20_000),
    ...inRange("spec.versionPriority", spec["versionPriority"] ?? 0, 1, 1000),
  ];
}
