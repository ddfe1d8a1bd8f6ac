import { fieldsAt, type KubeObject, listAt, type Schema, textAt } from "../../apimachinery/index.ts";

/** The schema of a version, as its CRD has it. */
export function schemaOf(crd: KubeObject, version: string): Schema {
  const found = listAt(crd, "spec", "versions").find((candidate) => textAt(candidate, "name") === version);
  const schema: Schema = fieldsAt(found, "schema", "openAPIV3Schema");
  // An old CRD that keeps unknown fields everywhere says so outside its schemas.
  return fieldsAt(crd, "spec")["preserveUnknownFields"] === true
    ? { ...schema, "x-kubernetes-preserve-unknown-fields": true }
    : schema;
}
