import { type KubeObject, textAt, valueAt } from "../../apimachinery/index.ts";
import type { Admission, Attempt } from "../admission/admit.ts";
import type { ApiResource } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import { definitionsName, type Names, readNames } from "./definition.ts";
import { definitionStatus } from "./names.ts";
import { definitionCauses } from "./validate.ts";

/** Checks CRDs as what they are, beyond the shape of their fields. */
export function withDefinitionRules(resource: ApiResource): ApiResource {
  if (resource.storageName !== definitionsName) return resource;
  const { rules } = resource;
  return {
    ...resource,
    rules: {
      ...rules,
      validateCreate: (crd) => [...rules.validateCreate(crd), ...definitionCauses(crd)],
      validateUpdate: (crd, live, subresource) => [
        ...rules.validateUpdate(crd, live, subresource),
        ...definitionCauses(crd, live),
      ],
    },
  };
}

/**
 * Decides with each write of a CRD which names it has and whether it is served, so that the answer to a create already
 * says so: other servers do it a moment later, in controllers.
 */
export const definitionNaming: Admission = { complete: decideNames };

function decideNames(server: Server, { operation, resource, subresource, object, name }: Attempt): void {
  if (resource.storageName !== definitionsName || operation === "DELETE" || subresource !== "" || object === undefined)
    return;
  object["status"] = definitionStatus(object, othersOf(server, object, name), timestamp(server.now()));
}

/** The names that the other CRDs of the group have, or will have when what is under way is published. */
export function othersOf(server: Server, crd: KubeObject, name: string): Names[] {
  const group = textAt(crd, "spec", "group");
  const names = new Map<string, Names>();
  for (const { definition } of server.registry.definitions()) {
    if (definition.group === group) names.set(definition.name, definition.names);
  }
  for (const { value } of server.writer.underWay(server.keys.prefix(definitionsName, ""))) {
    const other = server.parsed(value);
    if (textAt(other, "spec", "group") !== group) continue;
    names.set(other.metadata.name ?? "", readNames(valueAt(other, "status", "acceptedNames")));
  }
  names.delete(name);
  return [...names.values()];
}
