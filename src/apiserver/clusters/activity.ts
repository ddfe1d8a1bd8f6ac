import { eventKey, type StoreEvent } from "../../storage/index.ts";

/** One write in a logical cluster, as far as it can be told without parsing. */
export type Activity = {
  cluster: string;
  /** Resource and group, `deployments.apps`; `pods` in the core group. */
  storageName: string;
  deleted: boolean;
  /** It is being deleted, or has owners: others may have to act on it. */
  linked: boolean;
};

const marks = ['"deletionTimestamp":"', '"ownerReferences":['].map((text) => Buffer.from(text));

/** @returns `undefined` for the root cluster's */
export function activityOf(event: StoreEvent): Activity | undefined {
  const [, cluster = "", storageName = ""] = eventKey(event).split("/", 3);
  if (cluster === "root") return undefined;
  if (event.type === "delete") return { cluster, storageName, deleted: true, linked: true };
  const { buffer, byteOffset, byteLength } = event.entry.value;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return { cluster, storageName, deleted: false, linked: marks.some((mark) => bytes.includes(mark)) };
}
