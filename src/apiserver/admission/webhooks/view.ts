import { cloneJson, isFields, type KubeObject } from "../../../apimachinery/index.ts";
import { type ApiResource, storedForm } from "../../resource.ts";
import { scaleOf, withScale } from "../../write/scale.ts";
import type { Attempt } from "../admit.ts";
import type { View } from "./review.ts";

/** A write as those see it who are asked about it in the version of `asked`. The result is theirs to change. */
export async function viewOf(attempt: Attempt, asked: ApiResource): Promise<View> {
  const { object, live, resource } = attempt;
  if (attempt.kind !== undefined) return { object: object && cloneJson(object), oldObject: undefined };
  if (attempt.subresource === "scale") {
    return { object: object && scaleOf(resource, object), oldObject: live && scaleOf(resource, live) };
  }
  return {
    object: object && (await inVersion(withOwners(attempt, cloneJson(object)), resource, asked)),
    oldObject: live && (await inVersion(cloneJson(live), resource, asked)),
  };
}

/** Takes back into the write what has become of its view. */
export async function takeView(attempt: Attempt, asked: ApiResource, changed: KubeObject): Promise<void> {
  const { object, resource } = attempt;
  if (object === undefined) return;
  if (attempt.subresource === "scale") withScale(resource, object, changed);
  else replaceFields(object, attempt.kind === undefined ? await inVersion(changed, asked, resource) : changed);
}

/** What only exists once the object is stored does not show before. */
function withOwners(attempt: Attempt, object: KubeObject): KubeObject {
  const owners = attempt.owners();
  attempt.owners = () => owners;
  const { metadata } = object;
  if (owners.length > 0) metadata.managedFields = cloneJson(owners);
  else delete metadata.managedFields;
  return object;
}

/** @param object changed */
export async function inVersion(object: KubeObject, from: ApiResource, to: ApiResource): Promise<KubeObject> {
  if (from === to || from.apiVersion === to.apiVersion) return object;
  if (to.converter !== undefined) return await to.converter.show(await storedForm(from, object));
  return to.fromStored(from.toStored(object));
}

function replaceFields(object: KubeObject, next: KubeObject): void {
  for (const field of Object.keys(object)) if (!Object.hasOwn(next, field)) delete object[field];
  Object.assign(object, next);
  if (!isFields(object.metadata)) object.metadata = {};
}
