import assert from "node:assert/strict";
import { test } from "node:test";
import { CompareError, openMemoryStore, type Store, type StoreEvent } from "../../storage/index.ts";
import { decodeStored } from "../stored.ts";
import { defaultObjects } from "./default-objects.ts";
import { StoreWithDefaults } from "./store-with-defaults.ts";

const roles = "/root/clusterroles.rbac.authorization.k8s.io/";
const inNamespaces = "/root/roles.rbac.authorization.k8s.io/";
const view = `${roles}view`;
const value = (text: string) => () => Buffer.from(`{"a":"${text}"}`);

/** A cluster that was born at revision 2. */
async function openCluster(): Promise<{ below: Store; store: Store }> {
  const below = openMemoryStore();
  await below.put("/root/other/a", 0, value("x"));
  const metadata = { name: "kube-system", uid: "u-1", creationTimestamp: "2026-01-02T03:04:05Z" };
  const born = JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata });
  await below.put("/root/namespaces/kube-system", 0, () => Buffer.from(born));
  return { below, store: new StoreWithDefaults(below, "root") };
}

const namesOf = (entries: readonly { key: string }[]) => entries.map(({ key }) => key.slice(key.lastIndexOf("/") + 1));

test("the defaults are there as if they had been written when the cluster was born", async () => {
  const { below, store } = await openCluster();
  const entry = store.get(view);
  assert.ok(entry !== undefined);
  assert.deepEqual([entry.modRevision, entry.createRevision, below.get(view)], [2, 2, undefined]);
  const { metadata, kind } = decodeStored(entry.value);
  assert.deepEqual(
    [kind, metadata.resourceVersion, metadata.creationTimestamp],
    ["ClusterRole", "2", "2026-01-02T03:04:05Z"],
  );
  assert.match(metadata.uid ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(store.latest(view), entry, "the same bytes for whoever asks");
  const all = store.range("/root/").entries;
  assert.equal(all.length, defaultObjects.size + 2);
  assert.equal(new Set(all.map(({ value: bytes }) => decodeStored(bytes).metadata?.uid)).size, all.length);
  assert.deepEqual(
    all.map(({ key }) => key),
    all.map(({ key }) => key).sort(),
  );
  assert.equal(store.count(roles), 68);
  assert.equal(store.range("/root/pods/").entries.length, 0);
});

test("a cluster that is not born has none, and had none before", async () => {
  const { store, below } = await openCluster();
  assert.equal(store.range(roles, { revision: 1 }).entries.length, 0);
  assert.equal(store.range(roles, { revision: 2 }).entries.length, 68);
  const unborn = new StoreWithDefaults(below, "unborn");
  assert.equal(unborn.get("/unborn/clusterroles.rbac.authorization.k8s.io/view"), undefined);
  assert.equal(unborn.range("/unborn/").entries.length, 0);
});

test("pages go on where the last one ended, through defaults and what is stored between", async () => {
  const { store } = await openCluster();
  await store.put(`${roles}b`, 0, value("x"));
  await store.put(`${roles}zz`, 0, value("x"));
  const whole = store.range(roles);
  const names: string[] = [];
  let after: string | undefined;
  for (;;) {
    const page = store.range(roles, { limit: 7, ...(after === undefined ? {} : { after }) });
    names.push(...namesOf(page.entries));
    assert.equal(page.remaining, whole.entries.length - names.length);
    after = page.entries.at(-1)?.key;
    if (!page.more) break;
  }
  assert.deepEqual(names, namesOf(whole.entries));
  assert.deepEqual([names.length, names.indexOf("b"), names.at(-1)], [70, 1, "zz"]);
  const part = namesOf(store.range(`${roles}system:controller:ttl`).entries);
  assert.deepEqual(part, ["system:controller:ttl-after-finished-controller", "system:controller:ttl-controller"]);
  assert.equal(store.range(`${inNamespaces}kube-public/`).entries.length, 1);
});

test("a default is changed, deleted and made anew like everything else", async () => {
  const { store } = await openCluster();
  await assert.rejects(store.put(view, 0, value("x")), CompareError);
  await assert.rejects(store.delete(view, 1), CompareError);
  const changed = store.put(view, 2, value("changed"));
  assert.equal(store.latest(view)?.modRevision, 3, "accepted");
  assert.equal(store.get(view)?.modRevision, 2, "not yet published");
  await changed;
  assert.equal(Buffer.from(store.get(view)?.value ?? []).toString(), '{"a":"changed"}');
  assert.equal(await store.delete(view, 3), 4);
  assert.deepEqual([store.get(view), store.latest(view), store.count(roles)], [undefined, undefined, 67]);
  await assert.rejects(store.delete(view, 4), CompareError);
  assert.equal((await store.put(view, 0, value("anew"))).modRevision, 5);
  const edit = `${roles}edit`;
  assert.equal(await store.delete(edit, 2), 6);
  const then = (revision: number) => {
    const { entries } = store.range(roles, { revision });
    const found = (key: string) => entries.find((entry) => entry.key === key);
    return [found(view)?.modRevision, found(edit)?.modRevision, entries.length];
  };
  assert.deepEqual([2, 3, 4, 5, 6].map(then), [
    [2, 2, 68],
    [3, 2, 68],
    [undefined, 2, 67],
    [5, 2, 68],
    [5, undefined, 67],
  ]);
});

test("watchers see defaults change and go, and not how that is kept", async () => {
  const { store, below } = await openCluster();
  const seen: string[] = [];
  const tell = (events: readonly StoreEvent[]) => {
    for (const event of events) {
      const revision = event.type === "put" ? event.entry.modRevision : event.revision;
      seen.push(`${event.type} ${revision} was ${event.previous?.modRevision ?? "absent"}`);
    }
  };
  using _watch = store.watch(roles, 2, tell);
  await store.put(view, 2, value("changed"));
  await store.put(view, 3, value("again"));
  await store.delete(view, 4);
  await store.put(view, 0, value("anew"));
  await store.delete(`${roles}edit`, 2);
  await store.put(`${roles}mine`, 0, value("x"));
  await store.delete(`${roles}mine`, 8);
  const want = [
    "put 3 was 2",
    "put 4 was 3",
    "delete 5 was 4",
    "put 6 was absent",
    "delete 7 was 2",
    "put 8 was absent",
    "delete 9 was 8",
  ];
  assert.deepEqual(seen, want);
  seen.length = 0;
  store.watch("/", 2, tell)[Symbol.dispose]();
  assert.deepEqual(seen, want, "the same for who watches everything, later");
  seen.length = 0;
  await below.delete(`${roles}edit`, 7);
  assert.deepEqual(seen, [], "a cluster that is wiped has nothing more to tell of what was deleted");
});
