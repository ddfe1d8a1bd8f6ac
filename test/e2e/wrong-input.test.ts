import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { newMachine } from "../support/platform.ts";

const cases: Record<string, { args: string[]; code: number; says: RegExp }> = {
  "an unknown flag": { args: ["create", "--frobnicate"], code: 2, says: /unknown option '--frobnicate'/ },
  "a flag that is nearly right": { args: ["create", "--pakage", "x"], code: 2, says: /Did you mean --package\?/ },
  "an unknown command": { args: ["crate"], code: 2, says: /unknown command 'crate'[\s\S]*Did you mean create\?/ },
  "a missing directory": {
    args: ["create", "-p", "nowhere"],
    code: 2,
    says: /failed to validate path .*nowhere : there is no such file or directory[\s\S]*Fix:/,
  },
  "a file that is no YAML": { args: ["create", "-p", "/etc/hostname"], code: 2, says: /must end in \.yaml or \.yml/ },
  "a URL without //": {
    args: ["create", "-p", "https://github.com/org/repo"],
    code: 2,
    says: /url must have \/\/ after the repository url/,
  },
  "a flag of kind": {
    args: ["create", "--kind-config", "x.yaml"],
    code: 2,
    says: /--kind-config sets up a kind cluster/,
  },
  "an override of a core package": { args: ["create", "-c", "argocd:/x.yaml"], code: 2, says: /--package-custom-file/ },
  "a port that is none": { args: ["create", "--port", "99999"], code: 2, says: /"99999" is no port/ },
  "a protocol that is none": { args: ["create", "--protocol", "ftp"], code: 2, says: /protocol must be http or https/ },
  "a host that is none": { args: ["create", "--host", "bad_host!"], code: 2, says: /"bad_host!" is no host name/ },
  "a timeout that is none": { args: ["create", "--timeout", "soon"], code: 2, says: /"soon" is no duration/ },
  "a log level that is none": {
    args: ["--log-level", "loud", "create"],
    code: 2,
    says: /loud is not a valid log level/,
  },
  "an empty name": { args: ["create", "--name", ""], code: 2, says: /must specify build-name/ },
  "a name with a slash": { args: ["create", "--name", "../x"], code: 2, says: /is no name for a platform/ },
  "get without a subcommand": { args: ["get"], code: 2, says: /specify subcommand/ },
  "a flag that clusters do not have": { args: ["get", "clusters", "-p", "x"], code: 2, says: /unknown option '-p'/ },
  "something to get that does not exist": { args: ["get", "nope"], code: 2, says: /nothing called "nope" to get/ },
  "an output format that is none": {
    args: ["get", "secrets", "-o", "xml"],
    code: 2,
    says: /output format xml is not supported/,
  },
  "a platform that does not exist": {
    args: ["get", "secrets"],
    code: 1,
    says: /There is no platform localdev[\s\S]*skiff create/,
  },
  "stopping what does not exist": { args: ["stop"], code: 1, says: /There is no platform localdev/ },
  "deleting what does not exist": { args: ["delete"], code: 1, says: /There is no platform localdev/ },
};

for (const [name, { args, code, says }] of Object.entries(cases)) {
  test(`${name} is refused, with what to do`, async () => {
    await using machine = await newMachine();
    const result = await machine.skiff(...args);
    assert.match(result.stderr, says);
    assert.equal(result.code, code);
    assert.doesNotMatch(result.stderr, /\n\s+at /);
  });
}

const application = (file: string, source: string) => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: ${file}
  namespace: argocd
spec:
  project: default
  source: {repoURL: "cnoe://${source}", path: "."}
  destination: {server: "https://kubernetes.default.svc", namespace: default}
  syncPolicy: {automated: {}}
`;

test("packages with broken files, refused manifests and workloads each end with their own reason", async () => {
  await using machine = await newMachine();
  const at = (...parts: string[]) => join(machine.home, "packages", ...parts);
  for (const folder of ["broken", "refused/manifests", "pods/manifests"]) mkdirSync(at(folder), { recursive: true });
  writeFileSync(
    at("broken", "app.yaml"),
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: [\n",
  );
  writeFileSync(at("refused", "app.yaml"), application("refused", "manifests"));
  writeFileSync(
    at("refused/manifests", "service.yaml"),
    "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec:\n  ports:\n    - port: 123456\n",
  );
  writeFileSync(at("pods", "app.yaml"), application("pods", "manifests"));
  writeFileSync(
    at("pods/manifests", "pod.yaml"),
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [{name: web, image: nginx}]\n",
  );
  const create = async (folder: string, timeout: string) =>
    await machine.skiff("create", "--port", String(machine.port), "-p", at(folder), "--timeout", timeout);

  const broken = await create("broken", "60s");
  assert.equal(broken.code, 1, broken.stderr);
  assert.match(broken.stderr, /broken\/app\.yaml:\d+/);

  const refused = await create("refused", "10s");
  assert.equal(refused.code, 3, refused.stderr);
  assert.match(refused.stderr, /service\.yaml/);
  assert.match(
    refused.stderr,
    /Service "bad" is invalid: \[?spec\.ports\[0\]\.port: Invalid value: 123456: must be between 1 and 65535, inclusive/,
  );

  const pods = await create("pods", "60s");
  assert.equal(pods.code, 4, pods.stderr);
  assert.match(pods.stderr, /runs no pods[\s\S]*Application argocd\/pods +needs what nothing here runs: Pod web/);
});

test("without git the platform does not start, and says what to install", async () => {
  await using machine = await newMachine();
  machine.env["PATH"] = machine.home;
  const result = await machine.skiff("create", "--port", String(machine.port));
  assert.equal(result.code, 1);
  assert.match(result.stderr, /git is not installed[\s\S]*apt-get install git/);
});

test("a file where the platform would be kept is named by every command, and left alone", async () => {
  await using machine = await newMachine();
  mkdirSync(join(machine.home, ".skiff"));
  writeFileSync(join(machine.home, ".skiff/localdev"), "mine");
  for (const command of ["create", "status", "delete"]) {
    const result = await machine.skiff(command);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /localdev is a file, and a platform is kept in a directory[\s\S]*Move the file away/);
  }
});

test("a directory that lost its configuration is named, and delete clears it", async () => {
  await using machine = await newMachine();
  mkdirSync(join(machine.home, ".skiff/localdev/db"), { recursive: true });
  const result = await machine.skiff("create", "--port", String(machine.port));
  assert.equal(result.code, 1);
  assert.match(result.stderr, /is not whole: config\.json is missing[\s\S]*skiff delete/);
  assert.equal((await machine.skiff("delete")).code, 0);
});

test("a home in which nobody can make a directory is named", { skip: process.platform !== "linux" }, async () => {
  await using machine = await newMachine();
  machine.env["SKIFF_HOME"] = "/proc";
  const result = await machine.skiff("create", "--port", String(machine.port));
  assert.equal(result.code, 1);
  assert.match(result.stderr, /Cannot write to \/proc\/localdev[\s\S]*set SKIFF_HOME/);
});
