import {
  type Fields,
  fieldsAt,
  type GroupVersionKind,
  itemsAt,
  parseApiVersion,
  type Schema,
  textAt,
  textsAt,
  valueSchema,
} from "../../../apimachinery/index.ts";
import { builtinSchema } from "../../../apis/index.ts";
import {
  authorizerType,
  compile,
  declarationOf,
  dynType,
  kubernetesEnvironment,
  type Type,
} from "../../../cel/index.ts";
import type { ApiResource } from "../../resource.ts";
import type { Server } from "../../server.ts";
import type { Attempt } from "../admit.ts";
import { namespaceType, requestType } from "../expressions.ts";
import { Composition, variablesOf } from "./compile-policy.ts";

/** Kinds that a policy is checked for: `maxTypesToCheck`. */
const kindsMax = 10;

/**
 * Notes in the status of a policy what is wrong with its validations for the kinds that it is about, so that the answer to a
 * write already says so: other servers do it a moment later, in a controller.
 */
export function checkPolicy(server: Server, { operation, resource, subresource, object }: Attempt): void {
  if (resource.storageName !== "validatingadmissionpolicies.admissionregistration.k8s.io") return;
  if (operation === "DELETE" || subresource !== "" || object === undefined) return;
  const { generation = 1 } = object.metadata;
  const status = fieldsAt(object, "status");
  const observed = status["observedGeneration"];
  if (typeof observed === "number" && observed >= generation) return;
  const warnings = warningsOf(server, fieldsAt(object, "spec"));
  const typeChecking = warnings.length === 0 ? {} : { expressionWarnings: warnings };
  object["status"] = { ...status, observedGeneration: generation, typeChecking };
}

function warningsOf(server: Server, spec: Fields): { fieldRef: string; warning: string }[] {
  const subjects = kindsOf(server, spec).map((kind) => ({ kind, object: typeOfKind(kind) }));
  const params = paramsType(server, spec);
  return itemsAt(spec, "validations").flatMap((validation, index) =>
    ["expression", "messageExpression"].flatMap((field) => {
      const text = textAt(validation, field);
      if (text === "") return [];
      const found = subjects.flatMap(({ kind, object }) => {
        const issues = issuesOf(text, spec, object, params);
        return issues === undefined ? [] : [`${nameOfKind(kind)}: ${issues}\n`];
      });
      const fieldRef = `spec.validations[${index}].${field}`;
      return found.length === 0 ? [] : [{ fieldRef, warning: found.join("\n") }];
    }),
  );
}

function nameOfKind({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}, Kind=${kind}`;
}

/** What does not fit in an expression when objects and parameters are of these types. */
function issuesOf(text: string, spec: Fields, object: Type, params: Type | undefined): string | undefined {
  const composed = new Composition();
  const types = new Map<string, Type>([
    ["namespaceObject", namespaceType],
    ["request", requestType],
    ["object", object],
    ["oldObject", object],
    ...(params === undefined ? [] : [["params", params] as const]),
    // Without the check of the request's own resource, as in Kubernetes.
    ["authorizer", authorizerType],
    ["variables", composed.type],
  ]);
  const environment = kubernetesEnvironment("stored", types);
  for (const { name, expression } of variablesOf(spec)) {
    const compiled = compile(expression, environment);
    const type = "faults" in compiled && compiled.faults === "issues" ? dynType : compiled.type;
    composed.add(name, { text: expression, type, problem: "", isInternal: false });
  }
  const compiled = compile(text, environment);
  return "faults" in compiled && compiled.faults === "issues" ? compiled.text : undefined;
}

/** The kinds that a policy names, without wildcards and subresources, in order. */
function kindsOf({ registry }: Server, spec: Fields): ApiResource[] {
  const served = registry.catalog.groups.flatMap(({ versions }) => versions.flatMap(({ resources }) => resources));
  const found = new Set<ApiResource>();
  for (const rule of itemsAt(spec, "matchConstraints", "resourceRules")) {
    let count = 0;
    const [groups, versions] = [sorted(rule, "apiGroups"), sorted(rule, "apiVersions")];
    if ([...groups, ...versions].some((name) => name.includes("*"))) continue;
    const names = sorted(rule, "resources").filter((name) => !/[*/]/.test(name));
    for (const [group, version, name] of combinations(groups, versions, names)) {
      // Without a group, all groups are searched.
      const isNamed = (one: ApiResource) =>
        (group === "" || one.group === group) && one.version === version && one.resource === name.toLowerCase();
      for (const resource of served.filter(isNamed)) {
        found.add(resource);
        count++;
        if (count === kindsMax) return inOrder(found);
      }
    }
  }
  return inOrder(found);
}

function inOrder(resources: Iterable<ApiResource>): ApiResource[] {
  return [...resources].sort(
    (a, b) => compareText(a.group, b.group) || compareText(a.version, b.version) || compareText(a.kind, b.kind),
  );
}

function sorted(rule: Fields, field: string): string[] {
  return textsAt(rule, field).sort(compareText);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function combinations(
  groups: readonly string[],
  versions: readonly string[],
  names: readonly string[],
): [group: string, version: string, name: string][] {
  return groups.flatMap((group) =>
    versions.flatMap((version) => names.map((name): [string, string, string] => [group, version, name])),
  );
}

function paramsType({ registry }: Server, spec: Fields): Type | undefined {
  const kind = textAt(spec, "paramKind", "kind");
  const { group, version } = parseApiVersion(textAt(spec, "paramKind", "apiVersion"));
  const resource = registry.catalog.version(group, version)?.resources.find((one) => one.kind === kind);
  return resource && typeOfKind(resource);
}

const types = new WeakMap<Schema, Type>();

function typeOfKind(resource: ApiResource): Type {
  const schema = resource.rules.schema();
  let type = types.get(schema);
  if (type === undefined) {
    const whole = resource.custom === undefined ? unrolled(schema, new Set()) : withMetadata(schema);
    // Types of different kinds must not be taken for one another, so that their names are told apart by a number.
    type = declarationOf(whole, true, `${resource.kind}1`)?.type ?? dynType;
    types.set(schema, type);
  }
  return type;
}

/** Custom resources have what all objects have. */
function withMetadata(schema: Schema): Schema {
  const text: Schema = { type: "string" };
  const metadata = unrolled(builtinSchema("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"), new Set());
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata } };
}

/** A schema as a tree: what would contain itself is an object of which nothing is known. */
function unrolled(schema: Schema, above: ReadonlySet<Schema>): Schema {
  if (above.has(schema)) return { type: "object" };
  const inner = new Set(above).add(schema);
  const { items, properties, format } = schema;
  const values = valueSchema(schema);
  return {
    ...schema,
    // Kubernetes publishes both kinds of times by one format.
    ...(format === "micro-time" ? { format: "date-time" } : {}),
    ...(items === undefined ? {} : { items: unrolled(items, inner) }),
    ...(values === undefined ? {} : { additionalProperties: unrolled(values, inner) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, unrolled(property, inner)]),
          ),
        }),
  };
}
