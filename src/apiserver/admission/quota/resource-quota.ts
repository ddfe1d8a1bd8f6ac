import {
  cloneJson,
  compareQuantities,
  fieldsAt,
  formatQuantity,
  type KubeObject,
  type Quantity,
  subtractQuantities,
} from "../../../apimachinery/index.ts";
import {
  type Amounts,
  addAmounts,
  amountsAt,
  amountsObject,
  type Meter,
  meterOf,
  quotaMatches,
} from "../../../apis/index.ts";
import { errorText } from "../../../lib/index.ts";
import type { Server } from "../../server.ts";
import type { Writing } from "../../write/create.ts";
import { updateObject } from "../../write/update.ts";
import { type Admission, type Attempt, refused } from "../admit.ts";
import { objectAt, objectsOf } from "../lookup.ts";

const storageName = "resourcequotas";

/** What nothing is stored of, and events, which are never charged. */
const free = new Set(["bindings", "events", "events.events.k8s.io"]);

/**
 * Charges what is written to the quotas of its namespace, and refuses what exceeds one. The charge is accepted by the store
 * in the same turn as the write it is for, so that two writes never share the last unit; when the write fails, it is taken
 * back.
 */
export const resourceQuota: Admission = { validate: charge };

type Charge = { quota: Readonly<KubeObject>; delta: Amounts };

function charge(server: Server, attempt: Attempt): void | Promise<void> {
  const { operation, resource, subresource, namespace, object, live, dryRun } = attempt;
  if (operation === "DELETE" || operation === "CONNECT") return;
  if (namespace === "" || object === undefined || free.has(resource.storageName)) return;
  const names = objectsOf(server, storageName, namespace).map(({ metadata }) => metadata.name ?? "");
  if (names.length === 0) return;
  const meter = meterOf(resource);
  if (!meter.charges(operation, subresource, object, live)) return;
  const quotas = names.flatMap((name) => objectAt(server, storageName, { namespace, name }) ?? []);
  const charges = chargesFor(server, attempt, { object, meter, quotas });
  if (dryRun || charges.length === 0) return;
  const pending = charges.flatMap(({ quota, delta }) => {
    const settle = (change: (used: Amounts) => Amounts) => changeUsage(server, quota, change);
    const waiting = settle((used) => addAmounts(used, delta));
    attempt.undo.push(() => void settle((used) => subtract(used, delta)));
    return waiting === undefined ? [] : [waiting];
  });
  if (pending.length > 0) return Promise.all(pending).then(() => {});
}

function chargesFor(
  server: Server,
  attempt: Attempt,
  { object, meter, quotas }: { object: KubeObject; meter: Meter; quotas: readonly Readonly<KubeObject>[] },
): Charge[] {
  const { live, subresource } = attempt;
  const matching = quotas.filter((quota) => quotaMatches(quota, hardNames(quota), meter, object));
  for (const quota of matching) {
    const names = meter.matching(hardNames(quota));
    const complaint = meter.missing(names, object);
    const name = quota.metadata.name ?? "";
    if (complaint !== "") throw refused(attempt, `failed quota: ${name}: ${complaint}`);
    const used = fieldsAt(quota, "status", "used");
    if (names.some((limit) => used[limit] === undefined))
      throw refused(attempt, `status unknown for quota: ${name}, resources: ${names.join(",")}`);
  }
  if (matching.length === 0) return [];
  const usage = meter.usage(object, server.now());
  const negative = [...usage].filter(([, { nanos }]) => nanos < 0n).map(([name]) => name);
  if (negative.length > 0)
    throw refused(attempt, `quota usage is negative for resource(s): ${negative.sort().join(",")}`);
  const before = live === undefined ? undefined : meter.usage(live, server.now());
  return matching.flatMap((quota) => {
    // A quota that did not count the object before counts all of it now.
    const counted = live !== undefined && before !== undefined && quotaMatches(quota, hardNames(quota), meter, live);
    const limited = new Set(hardNames(quota));
    const delta = counted ? subtract(usage, before) : usage;
    const requested = new Map([...delta].filter(([name, { nanos }]) => nanos > 0n && limited.has(name)));
    if (requested.size === 0) return [];
    if (subresource !== "status") checkExceeded(attempt, quota, requested);
    return [{ quota, delta: requested }];
  });
}

function hardNames(quota: Readonly<KubeObject>): string[] {
  return Object.keys(fieldsAt(quota, "status", "hard"));
}

function checkExceeded(attempt: Attempt, quota: Readonly<KubeObject>, requested: Amounts): void {
  const hard = amountsAt(quota, "status", "hard");
  const used = amountsAt(quota, "status", "used");
  const after = addAmounts(used, requested);
  const exceeded = [...requested.keys()].sort().filter((name) => {
    const [most, wanted] = [hard.get(name), after.get(name)];
    return most !== undefined && wanted !== undefined && compareQuantities(wanted, most) > 0;
  });
  if (exceeded.length === 0) return;
  const list = (amounts: Amounts) =>
    exceeded
      .map((name) => `${name}=${formatQuantity(amounts.get(name) ?? { nanos: 0n, format: "DecimalSI" })}`)
      .join(",");
  const sums = `requested: ${list(requested)}, used: ${list(used)}, limited: ${list(hard)}`;
  throw refused(attempt, `exceeded quota: ${quota.metadata.name}, ${sums}`);
}

/** Never less than nothing: what is freed may have been counted already. */
function subtract(a: Amounts, b: Amounts): Map<string, Quantity> {
  const rest = new Map<string, Quantity>(a);
  for (const [name, amount] of b) {
    const before = a.get(name);
    const left = before === undefined ? undefined : subtractQuantities(before, amount);
    rest.set(name, left === undefined || left.nanos < 0n ? { nanos: 0n, format: amount.format } : left);
  }
  return rest;
}

/**
 * Changes what a quota says is used.
 *
 * @returns a promise when the store has not accepted it yet
 */
function changeUsage(
  server: Server,
  { metadata: { namespace = "", name = "" } }: Readonly<KubeObject>,
  change: (used: Amounts) => Amounts,
): Promise<unknown> | undefined {
  const resource = server.registry.catalog.find("", "v1", "resourcequotas");
  if (resource === undefined) return undefined;
  const key = server.keys.key(storageName, namespace, name);
  const before = server.store.latest(key)?.modRevision;
  const written = updateObject(server, { resource, namespace, name, subresource: "status" }, writing, (live) => {
    const used = amountsObject(change(amountsAt(live, "status", "used")));
    return { object: { ...cloneJson(live), status: { ...cloneJson(fieldsAt(live, "status")), used } } };
  });
  if (server.store.latest(key)?.modRevision === before) return written;
  written.catch((error: unknown) => {
    server.log.warn("Cannot charge a quota", { namespace, quota: name, why: errorText(error) });
  });
  return undefined;
}

/** The server charges quotas in its own name, whoever the request is from. */
const writing: Writing = {
  user: { name: "system:apiserver", groups: ["system:masters"] },
  dryRun: false,
  manager: "kube-apiserver",
  warnings: [],
  admitted: true,
};
