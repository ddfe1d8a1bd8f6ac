import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { binary } from "../support/binaries.ts";
import { eventually, type Machine, newMachine } from "../support/platform.ts";

const kubectlFile = binary("kubectl");
const skip = kubectlFile === undefined ? "no kubectl for this machine; name one with SKIFF_KUBECTL" : false;

let machine: Machine;
let stack: string;
let created: { code: number; stdout: string; stderr: string };

before(async () => {
  machine = await newMachine();
  stack = machine.copy("examples/stack");
  created = await machine.skiff("create", "--port", String(machine.port), "--package", stack, "--timeout", "60s");
});
after(async () => await machine[Symbol.asyncDispose]());

async function kubectl(...args: string[]): Promise<string> {
  const result = await machine.run(kubectlFile ?? "", args);
  assert.equal(result.code, 0, `kubectl ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

async function git(cwd: string, ...args: string[]): Promise<string> {
  const ca = join(machine.home, ".skiff/localdev/ca/ca/ca.crt");
  const identity = ["-c", `http.sslCAInfo=${ca}`, "-c", "user.name=Test", "-c", "user.email=test@example.com"];
  const result = await machine.run("git", [...identity, ...args], { cwd });
  assert.equal(result.code, 0, `git ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

test("create brings the example stack up, Synced and Healthy, and says how to go on", () => {
  assert.equal(created.code, 0, created.stderr);
  assert.match(created.stdout, /3 applications Synced and Healthy/);
  assert.match(created.stdout, /skiff get secrets/);
});

test("kubectl sees applications and what they brought", { skip }, async () => {
  const applications = await kubectl(
    "get",
    "applications",
    "-A",
    "-o",
    "jsonpath={range .items[*]}{.metadata.name}={.status.sync.status}/{.status.health.status} {end}",
  );
  assert.equal(applications.trim(), "base=Synced/Healthy services=Synced/Healthy teams=Synced/Healthy");
  assert.match(
    await kubectl("get", "webservices", "-n", "platform"),
    /^NAME +OWNER +TIER\ncatalog +storefront +silver\ncheckout +payments +gold\n$/,
  );
  assert.match(await kubectl("get", "svc", "-n", "payments"), /api +ClusterIP +10\.96\./);
});

test("a push that changes, adds and removes manifests reaches the cluster", { skip }, async () => {
  const work = join(machine.home, "push");
  const [secret] = JSON.parse((await machine.skiff("get", "secrets", "-p", "gitea", "-o", "json")).stdout);
  const url = `https://${secret.username}:${encodeURIComponent(secret.password)}@git.skiff.localhost:${machine.port}/giteaAdmin/pushed.git`;
  await kubectl("create", "namespace", "pushed");
  const created = await machine.run("curl", [
    "-sf",
    "-k",
    "-u",
    `${secret.username}:${secret.password}`,
    "-H",
    "content-type: application/json",
    "-d",
    '{"name":"pushed","auto_init":false,"default_branch":"main"}',
    `https://git.skiff.localhost:${machine.port}/api/v1/user/repos`,
  ]);
  assert.equal(created.code, 0, created.stdout);
  mkdirSync(work);
  const manifest = (name: string, value: string) =>
    writeFileSync(
      join(work, `${name}.yaml`),
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {value: ${value}}\n`,
    );
  manifest("changed", "one");
  manifest("removed", "one");
  await git(work, "init", "-q", "-b", "main");
  await git(work, "add", ".");
  await git(work, "commit", "-qm", "first");
  await git(work, "push", "-q", url, "main");
  const application = join(machine.home, "application.yaml");
  writeFileSync(
    application,
    JSON.stringify({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Application",
      metadata: { name: "pushed", namespace: "argocd" },
      spec: {
        project: "default",
        source: {
          repoURL: `https://git.skiff.localhost:${machine.port}/giteaAdmin/pushed.git`,
          path: ".",
          targetRevision: "main",
        },
        destination: { server: "https://kubernetes.default.svc", namespace: "pushed" },
        syncPolicy: { automated: { prune: true, selfHeal: true } },
      },
    }),
  );
  await kubectl("apply", "-f", application);
  const live = async () =>
    (
      await kubectl(
        "get",
        "configmaps",
        "-n",
        "pushed",
        "-o",
        "jsonpath={range .items[*]}{.metadata.name}={.data.value} {end}",
      )
    )
      .replace(/kube-root-ca.crt= ?/, "")
      .trim();
  await eventually(live, (text) => text === "changed=one removed=one");

  manifest("changed", "two");
  manifest("added", "one");
  rmSync(join(work, "removed.yaml"));
  await git(work, "add", "-A");
  await git(work, "commit", "-qm", "second");
  await git(work, "push", "-q", url, "main");
  await eventually(live, (text) => text === "added=one changed=two");

  await kubectl("patch", "configmap", "changed", "-n", "pushed", "--type=merge", "-p", '{"data":{"value":"by hand"}}');
  await eventually(live, (text) => text === "added=one changed=two");
});

test("files saved in a package's directory reach the cluster, deletions too", { skip }, async () => {
  const file = join(stack, "teams/payments/extra.yaml");
  const names = async () => await kubectl("get", "configmaps", "-n", "payments", "-o", "name");
  writeFileSync(file, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra, namespace: payments}\n");
  await eventually(names, (text) => text.includes("configmap/extra"));
  rmSync(file);
  await eventually(names, (text) => !text.includes("configmap/extra"));
});

test("a broken manifest is reported with its file and line, and heals when it is corrected", { skip }, async () => {
  const file = join(stack, "teams/payments/broken.yaml");
  writeFileSync(file, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [\n");
  const message = async () =>
    await kubectl("get", "application", "teams", "-n", "argocd", "-o", "jsonpath={.status.conditions[*].message}");
  await eventually(message, (text) => /broken\.yaml.*line \d+/.test(text));
  rmSync(file);
  await eventually(message, (text) => text === "");
});

test("idpbuilder's objects say what there is", { skip }, async () => {
  assert.match(await kubectl("get", "custompackages", "-A"), /idpbuilder-localdev +base-base +base +true/);
  assert.match(
    await kubectl("get", "gitrepositories", "-n", "idpbuilder-localdev"),
    /teams-teams +true +https:\/\/git\.skiff\.localhost/,
  );
  assert.equal(await kubectl("get", "localbuild", "localdev", "-o", "jsonpath={.status.gitea.available}"), "true");
  const [first] = JSON.parse((await machine.skiff("get", "packages", "-o", "json")).stdout);
  assert.deepEqual(Object.keys(first).slice(0, 6), [
    "Name",
    "Namespace",
    "Type",
    "GitRepository",
    "ArgocdRepository",
    "Status",
  ]);
  const [cluster] = JSON.parse((await machine.skiff("get", "clusters", "-o", "json")).stdout);
  assert.equal(cluster.Name, "localdev");
  assert.equal(cluster.ExternalPort, machine.port);
});

test("create again, with nothing new, is quick to say that all is ready", async () => {
  const again = await machine.skiff("create", "--package", stack);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /is running at/);
});

test("after stop and start everything is as it was", { skip }, async () => {
  const version = async () =>
    await kubectl(
      "get",
      "webservice",
      "checkout",
      "-n",
      "platform",
      "-o",
      "jsonpath={.metadata.uid} {.metadata.resourceVersion}",
    );
  const before = await version();
  assert.equal((await machine.skiff("stop")).code, 0);
  assert.match((await machine.skiff("get", "packages")).stderr, /not running[\s\S]*skiff start/);
  assert.equal((await machine.skiff("start")).code, 0);
  assert.equal(await version(), before);
});

test("a second platform on a taken port says so and how to go on", async () => {
  const result = await machine.skiff("create", "--name", "other", "--port", String(machine.port));
  assert.equal(result.code, 1);
  assert.match(result.stderr, new RegExp(`Port ${machine.port} on 127.0.0.1 is in use`));
  assert.match(result.stderr, /--port <port>/);
  assert.equal((await machine.skiff("delete", "--name", "other")).code, 0);
});

test("delete removes the directory and the context, and nothing else", async () => {
  const kubeconfig = join(machine.home, "kubeconfig");
  assert.match(readFileSync(kubeconfig, "utf8"), /skiff-localdev/);
  assert.equal((await machine.skiff("delete")).code, 0);
  assert.doesNotMatch(readFileSync(kubeconfig, "utf8"), /skiff-localdev/);
  assert.equal((await machine.skiff("get", "clusters")).stdout, "no clusters found\n");
});
