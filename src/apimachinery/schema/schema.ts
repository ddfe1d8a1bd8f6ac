import type { JsonValue } from "../object.ts";

/**
 * A structural OpenAPI v3 schema as Kubernetes uses it, with the `x-kubernetes-*` extensions.
 *
 * It is a graph of plain objects without `$ref`: sub-schemas may be shared between parents and may be recursive
 * (JSONSchemaProps contains itself), so an algorithm recurses over a value, never over the schema alone. A schema must not
 * change after its first use, because what is compiled from it is cached by identity.
 */
export type Schema = {
  readonly type?: string;
  readonly format?: string;
  readonly title?: string;
  readonly description?: string;
  readonly nullable?: boolean;
  readonly default?: JsonValue;
  readonly enum?: readonly JsonValue[];
  readonly example?: JsonValue;
  readonly externalDocs?: JsonValue;

  readonly properties?: { readonly [name: string]: Schema };
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly maxProperties?: number;

  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;

  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;

  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;

  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;

  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
  readonly "x-kubernetes-list-type"?: ListType;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: MapType;
  readonly "x-kubernetes-validations"?: readonly ValidationRule[];
  /** The key by which a strategic merge patch matches list items; differs from `list-map-keys` for ports. */
  readonly "x-kubernetes-patch-merge-key"?: string;
  /** `merge`, `replace`, `retainKeys` or several of them separated by commas. */
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-group-version-kind"?: readonly { group: string; version: string; kind: string }[];
};

export type ListType = "atomic" | "set" | "map";
export type MapType = "atomic" | "granular";

/** A rule in the Common Expression Language; evaluated elsewhere. */
export type ValidationRule = {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
};

/** The schema of the values of a map: that of `additionalProperties`, or none when it is only allowed or absent. */
export function valueSchema(schema: Schema): Schema | undefined {
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

/** The schema of one property, named or additional. */
export function propertySchema(schema: Schema, name: string): Schema | undefined {
  const { properties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  return valueSchema(schema);
}
