import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { parseYaml } from "../../src/apimachinery/index.ts";
import { type Client, connectCluster, createClient, type Resource } from "../../src/client/index.ts";
import { eventually, type Machine, newMachine } from "../support/platform.ts";

/** How often each thing is interrupted. */
const rounds = 20;
const configMaps: Resource = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
const namespaces: Resource = { group: "", version: "v1", resource: "namespaces", kind: "Namespace", namespaced: false };
const applications: Resource = {
  group: "argoproj.io",
  version: "v1alpha1",
  resource: "applications",
  kind: "Application",
  namespaced: true,
};

type ConfigMap = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; resourceVersion?: string };
  data: { value: string };
};
type Application = {
  apiVersion: string;
  kind: string;
  metadata: object;
  status?: { sync?: { status: string; revision?: string }; health?: { status: string } };
};

/** The moments of the kills repeat with the seed that is printed. */
const seed = Number(process.env["SKIFF_SEED"] ?? Date.now() % 1_000_000);
console.log(`seed ${seed} (SKIFF_SEED repeats it)`);
let state = seed;
function random(): number {
  state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
  return state / 2 ** 31;
}

const stateOf = (machine: Machine) => join(machine.home, ".skiff/localdev");

function killPlatform(machine: Machine): void {
  process.kill(JSON.parse(readFileSync(join(stateOf(machine), "run.json"), "utf8")).pid, "SIGKILL");
}

async function succeed(running: Promise<{ code: number; stdout: string; stderr: string }>): Promise<string> {
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** A repository on the platform and a working tree that pushes to it. */
async function newRepository(machine: Machine, name: string) {
  const [secret] = JSON.parse(await succeed(machine.skiff("get", "secrets", "-p", "gitea", "-o", "json")));
  const base = `https://git.skiff.localhost:${machine.port}`;
  const body = JSON.stringify({ name, default_branch: "main" });
  await succeed(
    machine.run("curl", [
      "-sSfk",
      "-H",
      `authorization: token ${secret.token}`,
      "-H",
      "content-type: application/json",
      "-d",
      body,
      `${base}/api/v1/user/repos`,
    ]),
  );
  const work = join(machine.home, `work-${name}`);
  mkdirSync(work);
  const url = `https://${secret.username}:${secret.token}@git.skiff.localhost:${machine.port}/giteaAdmin/${name}.git`;
  const git = async (...args: string[]) =>
    await machine.run(
      "git",
      ["-c", "http.sslVerify=false", "-c", "user.name=t", "-c", "user.email=t@example.com", ...args],
      { cwd: work },
    );
  await succeed(git("init", "-q", "-b", "main"));
  await succeed(git("remote", "add", "origin", url));
  return { work, git, url: `${base}/giteaAdmin/${name}.git` };
}

function connect(machine: Machine): Client {
  type Kubeconfig = { clusters: { cluster: Record<string, string> }[]; users: { user: Record<string, string> }[] };
  const { clusters, users } = parseYaml(readFileSync(join(stateOf(machine), "kubeconfig"), "utf8")) as Kubeconfig;
  const decode = (text: string | undefined) => Buffer.from(text ?? "", "base64").toString();
  return createClient(
    connectCluster({
      server: clusters[0]?.cluster["server"] ?? "",
      caCertificate: decode(clusters[0]?.cluster["certificate-authority-data"]),
      clientCertificate: decode(users[0]?.user["client-certificate-data"]),
      clientKey: decode(users[0]?.user["client-key-data"]),
    }),
  );
}

test(`SIGKILL during git push, ${rounds} times: what was acknowledged is there, and nothing is half there`, {
  timeout: 300_000,
}, async () => {
  await using machine = await newMachine();
  await succeed(machine.skiff("create", "--port", String(machine.port)));
  const { work, git } = await newRepository(machine, "crash");
  const bare = join(stateOf(machine), "git/repositories/giteaadmin/crash.git");
  let acknowledged = "";
  let unacknowledged = 0;
  for (let round = 0; round < rounds; round += 1) {
    const before = acknowledged;
    for (let file = 0; file < 30; file += 1) writeFileSync(join(work, `file-${file}`), randomBytes(20_000));
    await succeed(git("add", "-A"));
    await succeed(git("commit", "-qm", `round ${round}`));
    const head = (await succeed(git("rev-parse", "HEAD"))).trim();
    const pushing = git("push", "-q", "origin", "main");
    await delay(random() * 250);
    killPlatform(machine);
    const pushed = await pushing;
    await succeed(machine.skiff("start"));
    const there = (await succeed(git("ls-remote", "origin", "refs/heads/main"))).split("\t")[0] ?? "";
    if (pushed.code === 0) assert.equal(there, head, "an acknowledged push is lost");
    else assert.ok(there === before || there === head, `main is at ${there}, neither before nor after the push`);
    if (pushed.code !== 0) unacknowledged += 1;
    await succeed(machine.run("git", ["--git-dir", bare, "fsck", "--full", "--no-dangling"]));
    await succeed(git("push", "-q", "origin", "main"));
    acknowledged = head;
  }
  console.log(`${unacknowledged} of ${rounds} pushes were cut off, ${rounds - unacknowledged} acknowledged`);
  await succeed(
    machine.run("git", [
      "-c",
      "http.sslVerify=false",
      "clone",
      "-q",
      `https://git.skiff.localhost:${machine.port}/giteaAdmin/crash.git`,
      join(machine.home, "clone"),
    ]),
  );
});

test(`SIGKILL during a sync and writes, ${rounds} times: no acknowledged write is lost, and the sync ends`, {
  timeout: 400_000,
}, async () => {
  await using machine = await newMachine();
  await succeed(machine.skiff("create", "--port", String(machine.port)));
  const { work, git, url } = await newRepository(machine, "sync");
  const objects = 100;
  const change = async (value: string) => {
    for (let index = 0; index < objects; index += 1) {
      writeFileSync(
        join(work, `${index}.yaml`),
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: synced-${index}}\ndata: {value: ${value}}\n`,
      );
    }
    await succeed(git("add", "-A"));
    await succeed(git("commit", "-qm", value));
    await succeed(git("push", "-q", "origin", "main"));
    return (await succeed(git("rev-parse", "HEAD"))).trim();
  };
  await change("start");
  let client = connect(machine);
  for (const name of ["synced", "written"])
    await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await client.create(applications, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "sync", namespace: "argocd" },
    spec: {
      project: "default",
      source: { repoURL: url, path: ".", targetRevision: "main" },
      destination: { server: "https://kubernetes.default.svc", namespace: "synced" },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  });
  const acknowledged = new Map<string, { value: number; resourceVersion: number }>();
  let value = 0;
  for (let round = 0; round < rounds; round += 1) {
    const head = await change(`round-${round}`);
    const stop = new AbortController();
    const writers = Array.from({ length: 8 }, (_, index) =>
      write(client, `object-${index}`, { next: () => (value += 1), acknowledged, signal: stop.signal }),
    );
    await delay(random() * 400);
    killPlatform(machine);
    stop.abort();
    await Promise.all(writers);
    await succeed(machine.skiff("start"));
    client = connect(machine);
    for (const [name, { value: written, resourceVersion }] of acknowledged) {
      const live = await client.get<ConfigMap>(configMaps, { namespace: "written", name });
      assert.ok(live !== undefined, `${name} was acknowledged and is gone`);
      assert.ok(Number(live.data.value) >= written, `${name} went back from ${written} to ${live.data.value}`);
      assert.ok(Number(live.metadata.resourceVersion) >= resourceVersion, `${name} went back in resourceVersion`);
    }
    await eventually(
      async () => (await client.get<Application>(applications, { namespace: "argocd", name: "sync" }))?.status,
      (status) =>
        status?.sync?.status === "Synced" && status.sync.revision === head && status.health?.status === "Healthy",
      20_000,
    );
    const { items } = await client.list<ConfigMap>(configMaps, { namespace: "synced" });
    const stale = items.filter(
      ({ metadata, data }) => metadata.name.startsWith("synced-") && data.value !== `round-${round}`,
    );
    assert.equal(items.filter(({ metadata }) => metadata.name.startsWith("synced-")).length, objects);
    assert.deepEqual(
      stale.map(({ metadata }) => metadata.name),
      [],
    );
  }
  console.log(`${value} writes were sent, ${[...acknowledged.values()].length} objects checked after each kill`);
});

type Writing = {
  next: () => number;
  acknowledged: Map<string, { value: number; resourceVersion: number }>;
  signal: AbortSignal;
};

/** Writes one object again and again until the platform is gone; notes what was acknowledged. */
async function write(client: Client, name: string, { next, acknowledged, signal }: Writing): Promise<void> {
  const metadata = { name, namespace: "written" };
  while (!signal.aborted) {
    const value = next();
    try {
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { value: String(value) } };
      const written = acknowledged.has(name)
        ? await client.update(configMaps, object)
        : await client.create(configMaps, object);
      acknowledged.set(name, {
        value,
        resourceVersion: Number((written.metadata as { resourceVersion?: string }).resourceVersion),
      });
    } catch {
      // A create whose answer was cut off may have happened; the next round updates it.
      if (!acknowledged.has(name) && !signal.aborted) acknowledged.set(name, { value: 0, resourceVersion: 0 });
      if (signal.aborted) return;
      await delay(5);
    }
  }
}

test(`SIGKILL during create, ${rounds} times: the next create is clean`, { timeout: 400_000 }, async () => {
  await using machine = await newMachine();
  const stack = machine.copy("examples/stack");
  let authority: string | undefined;
  for (let round = 0; round < rounds; round += 1) {
    const flags = ["create", "--port", String(machine.port), "--package", stack, "--timeout", "60s"];
    const creating = machine.skiff(...flags);
    await delay(100 + random() * 1200);
    const processes = platformProcesses();
    for (const pid of processes.platform) process.kill(pid, "SIGKILL");
    // Every other time the command dies as well, first or last.
    if (round % 2 === 0) for (const pid of processes.command) process.kill(pid, "SIGKILL");
    await creating;
    const again = await machine.skiff(...flags);
    assert.equal(again.code, 0, `round ${round}: ${again.stderr}`);
    assert.match(again.stdout, /3 applications Synced and Healthy/);
    const certificate = readFileSync(join(stateOf(machine), "ca/ca/ca.crt"), "utf8");
    if (round % 4 !== 0) assert.equal(certificate, authority ?? certificate, "the certificate authority was made anew");
    authority = certificate;
    assert.deepEqual(leftovers(stateOf(machine)), []);
    assert.equal(platformProcesses().platform.length, 1, "more than one process serves the platform");
    // Some rounds begin with a platform that exists, others with none.
    if (round % 4 === 3) {
      await succeed(machine.skiff("delete"));
      authority = undefined;
    } else await succeed(machine.skiff("stop"));
  }

  function platformProcesses() {
    const mine = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => ({
        pid: Number(pid),
        command: read(`/proc/${pid}/cmdline`),
        environment: read(`/proc/${pid}/environ`),
      }))
      .filter(
        ({ command, environment }) =>
          command.includes("src/cli/main.ts") && environment.includes(`HOME=${machine.home}\0`),
      );
    const isPlatform = ({ command }: { command: string }) => command.includes("--foreground");
    return {
      platform: mine.filter(isPlatform).map(({ pid }) => pid),
      command: mine.filter((one) => !isPlatform(one)).map(({ pid }) => pid),
    };
  }
});

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Files that an interrupted write leaves, and that nobody would ever remove. */
function leftovers(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".tmp") || name.endsWith(".lock"),
  );
}
