import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server as HttpServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Handler, serveHandler, waitUntil } from "../lib/index.ts";
import { admin, openTestServer, type TestServer } from "./testing.ts";

const cached = fileURLToPath(new URL("../../.cache/bin/kubectl", import.meta.url));
const kubectl = process.env["SKIFF_KUBECTL"] ?? cached;
const skip = existsSync(kubectl) ? false : `there is no kubectl: neither SKIFF_KUBECTL nor ${cached}`;

/** The real kubectl against a server of its own. */
type Kubectl = AsyncDisposable & {
  server: TestServer;
  /** Standard output and error together. */
  run(args: string[], input?: string): Promise<{ code: number; text: string }>;
  /** The same; the command must succeed. */
  ok(args: string[], input?: string): Promise<string>;
  /** Starts a command that goes on, and gives its output line by line. */
  lines(args: string[]): AsyncIterable<string> & Disposable;
};

async function openKubectl(): Promise<Kubectl> {
  const server = await openTestServer({ now: () => new Date() });
  // kubectl sends no credentials without TLS; this listener vouches for whoever reaches it.
  const handler: Handler = (request) => server.handler({ ...request, user: admin });
  const http = createServer(serveHandler(handler, (error) => assert.fail(String(error))));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const home = await mkdtemp(join(tmpdir(), "skiff-kubectl-"));
  const config = join(home, "config");
  await writeFile(config, kubeconfig(portOf(http)));
  const env = { HOME: home, KUBECONFIG: config, PATH: process.env["PATH"] ?? "" };
  const run: Kubectl["run"] = (args, input) =>
    new Promise((resolve) => {
      const child = execFile(kubectl, args, { env, timeout: 30_000 }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), text: out + err });
      });
      child.stdin?.end(input ?? "");
    });
  return {
    server,
    run,
    async ok(args, input) {
      const { code, text } = await run(args, input);
      assert.equal(code, 0, `kubectl ${args.join(" ")}: ${text}`);
      return text;
    },
    lines(args) {
      const child = spawn(kubectl, args, { env, stdio: ["ignore", "pipe", "inherit"] });
      return {
        async *[Symbol.asyncIterator]() {
          let rest = "";
          for await (const chunk of child.stdout) {
            const lines = (rest + String(chunk)).split("\n");
            rest = lines.pop() ?? "";
            yield* lines;
          }
        },
        [Symbol.dispose]: () => void child.kill(),
      };
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await server[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

function portOf(http: HttpServer): number {
  const address = http.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

function kubeconfig(port: number): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "test", user: {} }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  });
}

function manifests(replicas: number, image = "nginx:1.25"): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "${image}", ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`;
}

const gearCrd = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gears.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: gears, singular: gear, kind: Gear, shortNames: [gr], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {teeth: {type: integer, description: How many there are.}}}
    additionalPrinterColumns: [{name: Teeth, type: integer, jsonPath: .spec.teeth}]
`;

test("kubectl applies, compares, shows, scales, patches and deletes", { skip }, async () => {
  await using kube = await openKubectl();
  const apply = (text: string, ...flags: string[]) => kube.ok(["apply", ...flags, "-f", "-"], text);
  assert.equal(await apply(manifests(2)), "deployment.apps/web created\nservice/web created\n");
  assert.equal(await apply(manifests(2)), "deployment.apps/web unchanged\nservice/web unchanged\n");
  const diff = await kube.run(["diff", "-f", "-"], manifests(3));
  assert.equal(diff.code, 1);
  assert.match(diff.text, /^- {2}replicas: 2\n\+ {2}replicas: 3$/m);
  assert.match(await apply(manifests(3)), /deployment\.apps\/web configured/);
  assert.match(
    await kube.ok(["get", "deploy,svc", "-o", "wide"]),
    /^deployment\.apps\/web +0\/3 +0 +0 +\d+s +web +nginx:1\.25 +app=web$/m,
  );
  assert.match(await kube.ok(["get", "all", "-A"]), /service\/kubernetes/);
  await kube.ok(["scale", "deploy/web", "--replicas=5"]);
  await kube.ok(["wait", "--for=jsonpath={.spec.replicas}=5", "deploy/web", "--timeout=10s"]);
  await kube.ok(["label", "deploy/web", "a=b"]);
  await kube.ok(["annotate", "svc/web", "a=b"]);
  await kube.ok(["set", "image", "deploy/web", "web=nginx:1.27"]);
  const patch = JSON.stringify({
    spec: { template: { spec: { containers: [{ name: "web", env: [{ name: "A", value: "b" }] }] } } },
  });
  await kube.ok(["patch", "deploy/web", "-p", patch]);
  const shown = await kube.ok([
    "get",
    "deploy/web",
    "-o",
    "jsonpath={.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].env[0].name}",
  ]);
  assert.equal(shown, "nginx:1.27 A");
  assert.match(await kube.ok(["describe", "deploy/web"]), /Replicas: +5 desired/);
  assert.match(await kube.ok(["delete", "-f", "-"], manifests(3)), /deployment\.apps "web" deleted/);
});

test("kubectl applies on the server, and conflicts name who owns a field", { skip }, async () => {
  await using kube = await openKubectl();
  await kube.ok(["apply", "-f", "-"], manifests(2));
  await kube.ok(["apply", "--server-side", "-f", "-"], manifests(2));
  const other = ["apply", "--server-side", "--field-manager=other", "-f", "-"];
  const conflict = await kube.run(other, manifests(2, "nginx:1.26"));
  assert.equal(conflict.code, 1);
  assert.match(
    conflict.text,
    /Apply failed with 1 conflict: conflict with "kubectl": \.spec\.template\.spec\.containers\[name="web"\]\.image/,
  );
  await kube.ok([...other, "--force-conflicts"], manifests(2, "nginx:1.26"));
});

test("kubectl refuses unknown fields because the server does", { skip }, async () => {
  await using kube = await openKubectl();
  const text = manifests(1).replace("replicas:", "replicaz:");
  const { code, text: answer } = await kube.run(["apply", "-f", "-"], text);
  assert.equal(code, 1);
  assert.match(answer, /strict decoding error: unknown field "spec\.replicaz"/);
});

test("kubectl creates what it sends as protobuf", { skip }, async () => {
  await using kube = await openKubectl();
  await kube.ok(["create", "namespace", "a"]);
  await kube.ok(["create", "-n", "a", "configmap", "c", "--from-literal=x=y"]);
  await kube.ok(["create", "-n", "a", "secret", "generic", "s", "--from-literal=x=y"]);
  assert.equal(await kube.ok(["get", "-n", "a", "cm/c", "secret/s", "-o", "jsonpath={.items[*].data.x}"]), "y eQ==");
  assert.equal(await kube.ok(["auth", "can-i", "create", "pods"]), "yes\n");
  assert.match(await kube.ok(["auth", "whoami"]), /Username +admin/);
});

test("kubectl explains built-in and custom kinds", { skip }, async () => {
  await using kube = await openKubectl();
  assert.match(await kube.ok(["explain", "deployment.spec.template.spec.containers.image"]), /FIELD: image <string>/);
  await kube.ok(["apply", "-f", "-"], gearCrd);
  await kube.ok(["wait", "--for=condition=Established", "crd/gears.example.com", "--timeout=10s"]);
  assert.match(await kube.ok(["explain", "gear.spec.teeth"]), /How many there are\./);
  assert.match(await kube.ok(["api-resources", "--api-group=example.com"]), /gears +gr +example\.com\/v1 +true +Gear/);
});

test("kubectl works with custom resources", { skip }, async () => {
  await using kube = await openKubectl();
  await kube.ok(["apply", "-f", "-"], gearCrd);
  await kube.ok(
    ["apply", "-f", "-"],
    "{apiVersion: example.com/v1, kind: Gear, metadata: {name: a}, spec: {teeth: 12}}",
  );
  assert.match(await kube.ok(["get", "gr"]), /^NAME +TEETH\na +12$/m);
  await kube.ok(["patch", "gr/a", "--type=merge", "-p", '{"spec":{"teeth":13}}']);
  assert.match(await kube.ok(["get", "all"]), /^gear\.example\.com\/a +13$/m);
  await kube.ok(["delete", "crd", "gears.example.com", "--timeout=10s"]);
  assert.equal((await kube.run(["get", "gr"])).code, 1);
});

test("kubectl watches", { skip, timeout: 60_000 }, async () => {
  await using kube = await openKubectl();
  using lines = kube.lines(["get", "configmaps", "--watch", "--output-watch-events", "--no-headers"]);
  const changed = (async () => {
    const seen: string[] = [];
    for await (const line of lines) {
      seen.push(line.split(/ +/).slice(0, 2).join(" "));
      if (seen.length === 3) break;
    }
    return seen;
  })();
  await waitUntil(() => kube.server.watchCount() || undefined, { what: "kubectl to watch", timeoutMs: 20_000 });
  await kube.ok(["create", "configmap", "a"]);
  await kube.ok(["label", "configmap", "a", "x=y"]);
  await kube.ok(["delete", "configmap", "a"]);
  assert.deepEqual(await changed, ["ADDED a", "MODIFIED a", "DELETED a"]);
});

test("kubectl auth asks, lists and reconciles", { skip }, async () => {
  await using kubectl = await openKubectl();
  const list = await kubectl.ok(["auth", "can-i", "--list", "--as=jane", "-n", "default"]);
  assert.match(list, /^selfsubjectreviews\.authentication\.k8s\.io +\[\] +\[\] +\[create\]$/m);
  assert.match(list, /^ +\[\/healthz\] +\[\] +\[get\]$/m);
  const canI = async (...question: string[]) =>
    (await kubectl.run(["auth", "can-i", ...question, "--as=jane"])).text
      .split("\n")
      .find((line) => /^(yes|no)/.test(line));
  assert.equal(await canI("get", "pods"), "no");
  const manifests = [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "r", namespace: "default" },
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "b", namespace: "default" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "jane" }],
    },
  ];
  const text = manifests.map((manifest) => JSON.stringify(manifest)).join("\n---\n");
  const reconciled = await kubectl.ok(["auth", "reconcile", "-f", "-"], text);
  assert.match(reconciled, /^rolebinding\.rbac\.authorization\.k8s\.io\/b reconciled$/m);
  assert.equal(await canI("get", "pods"), "yes");
  assert.equal(await canI("get", "pods", "-n", "kube-system"), "no");
  const refused = await kubectl.run(["create", "role", "more", "--verb=list", "--resource=pods", "--as=jane"]);
  assert.match(refused.text, /User "jane" cannot create resource "roles" in API group "rbac\.authorization\.k8s\.io"/);
  assert.match(await kubectl.ok(["auth", "whoami", "--as=jane"]), /^Username +jane$/m);
});
