import assert from "node:assert/strict";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary } from "../support/binaries.ts";
import { type Machine, newMachine } from "../support/platform.ts";

const kubectl = process.env["SKIFF_KUBECTL"] ?? binary("kubectl") ?? "kubectl";

async function succeed(machine: Machine, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await machine.skiff(...args);
  assert.equal(code, 0, `skiff ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

test("a backup of a running platform brings it back, repositories included", async () => {
  await using machine = await newMachine();
  await succeed(machine, "create", "--port", String(machine.port), "-p", machine.copy("examples/stack"));
  const ask = async (...args: string[]) => {
    const result = await machine.run(kubectl, args);
    assert.equal(result.code, 0, result.stderr);
    return result.stdout;
  };
  await ask("create", "configmap", "before", "--from-literal=a=b");
  const file = join(machine.home, "backup.tar.gz");
  await succeed(machine, "backup", file);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await ask("create", "configmap", "after", "--from-literal=a=b");

  const running = await machine.skiff("restore", file, "--replace");
  assert.match(running.stderr, /Platform localdev is running/);
  await succeed(machine, "stop");
  truncateSync(join(machine.home, ".skiff/localdev/db/skiff.db"), 20_000);
  const damaged = await machine.skiff("start");
  assert.equal(damaged.code, 1);
  assert.match(damaged.stderr, /skiff restore <file> --name localdev --replace/);
  const kept = await machine.skiff("restore", file);
  assert.match(kept.stderr, /There is a platform localdev already/);

  const half = join(machine.home, "half.tar.gz");
  writeFileSync(half, readFileSync(file).subarray(0, 2000));
  assert.match((await machine.skiff("restore", half, "--replace")).stderr, /half\.tar\.gz cannot be unpacked/);
  await succeed(machine, "restore", file, "--replace");
  await succeed(machine, "start");
  const names = await ask("get", "configmaps", "-o", "name");
  assert.match(names, /configmap\/before/);
  assert.doesNotMatch(names, /configmap\/after/);
  assert.match(await ask("get", "applications", "-A"), /Synced\s+Healthy/);
});

test("a logical cluster has objects, kinds and users of its own", async () => {
  await using machine = await newMachine();
  await succeed(machine, "create", "--port", String(machine.port));
  await succeed(machine, "cluster", "create", "dev");
  const list = JSON.parse(await succeed(machine, "cluster", "list", "-o", "json"));
  assert.deepEqual(
    list.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
    ["dev"],
  );
  const again = await machine.skiff("cluster", "create", "dev");
  assert.match(again.stderr, /has a logical cluster dev already/);
  const wrong = await machine.skiff("cluster", "create", "Not_A_Name");
  assert.equal(wrong.code, 2);

  const kubeconfig = join(machine.home, "dev.kubeconfig");
  writeFileSync(kubeconfig, await succeed(machine, "kubeconfig", "--cluster", "dev"));
  const inside = async (...args: string[]) => await machine.run(kubectl, ["--kubeconfig", kubeconfig, ...args]);
  assert.equal((await inside("create", "namespace", "only-here")).code, 0);
  assert.equal((await machine.run(kubectl, ["get", "namespace", "only-here"])).code, 1);
  assert.doesNotMatch((await inside("api-resources")).stdout, /argoproj\.io/);
  assert.match((await inside("explain", "deployment.spec.replicas")).stdout, /Number of desired pods/);
  assert.equal((await inside("delete", "namespace", "only-here", "--timeout=20s")).code, 0);

  const token = /token: (\S+)/.exec(readFileSync(kubeconfig, "utf8"))?.[1] ?? "";
  const server = /server: (\S+)\/clusters\/dev/.exec(readFileSync(kubeconfig, "utf8"))?.[1] ?? "";
  const outside = await machine.run(kubectl, [
    "--server",
    server,
    "--token",
    token,
    "--kubeconfig",
    "/dev/null",
    "--insecure-skip-tls-verify",
    "get",
    "ns",
  ]);
  assert.match(outside.stderr, /Unauthorized|must be logged in/);

  await succeed(machine, "cluster", "delete", "dev");
  assert.match((await inside("get", "namespaces")).stderr, /logicalclusters\.skiff\.dev "dev" not found/);
  await succeed(machine, "cluster", "create", "dev");
  assert.match(
    (await inside("get", "namespaces")).stderr,
    /Unauthorized|must be logged in/,
    "an old kubeconfig opens a new cluster",
  );
});
