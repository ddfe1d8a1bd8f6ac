import type { StatusCause } from "../status-error.ts";
import { defaultFaults } from "./default-values.ts";
import { faultText } from "./field-error.ts";
import type { Schema } from "./schema.ts";
import { ruleFaults } from "./schema-rules.ts";
import { completenessFaults } from "./structural-completeness.ts";
import { shapeFaults } from "./structural-shape.ts";

/**
 * What makes the schema of a custom resource unacceptable: that it is not structural (every field has a type outside of `allOf` and
 * its kin, which only narrow values), defaults that do not fit, and keywords that Kubernetes does not allow or that contradict
 * each other. Rules in the Common Expression Language are not compiled here.
 *
 * @param path where the schema stands in the CustomResourceDefinition
 * @returns faults in Kubernetes' words; empty when the schema can be used
 */
export function structuralErrors(schema: Schema, path = "spec.versions[0].schema.openAPIV3Schema"): StatusCause[] {
  const shape = [...shapeFaults(schema, path), ...completenessFaults(schema, path)];
  shape.sort((a, b) => (faultText(a) < faultText(b) ? -1 : 1));
  return [...(shape.length > 0 ? shape : defaultFaults(schema, path)), ...ruleFaults(schema, path)];
}
