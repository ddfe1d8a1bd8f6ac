import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseYaml } from "../src/apimachinery/index.ts";
import { connectCluster, createClient, type Resource } from "../src/client/index.ts";
import { type Figure, median, round } from "./figure.ts";
import { benchPlatform, command, succeed } from "./platform.ts";

export const title = "From git push to the cluster, and from a hand-edited object back";

const rounds = 20;
const configMaps: Resource = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };

export async function run(): Promise<Figure[]> {
  await using platform = await benchPlatform();
  await succeed(platform.skiff("create", "--port", String(platform.port), "--package", "examples/stack"));
  const config = parseYaml(readFileSync(join(platform.home, ".skiff/localdev/kubeconfig"), "utf8")) as Kubeconfig;
  const client = createClient(connectCluster(connectionOf(config)));
  const [secret] = JSON.parse((await succeed(platform.skiff("get", "secrets", "-p", "gitea", "-o", "json"))).stdout);

  const work = join(platform.home, "work");
  const git = async (...args: string[]) =>
    await succeed(
      command(
        "git",
        ["-c", "http.sslVerify=false", "-c", "user.name=bench", "-c", "user.email=bench@example.com", ...args],
        platform.env,
        work,
      ),
    );
  mkdirSync(work);
  const base = `https://${secret.username}:${encodeURIComponent(secret.token)}@git.skiff.localhost:${platform.port}`;
  await git("clone", "-q", `${base}/giteaAdmin/idpbuilder-localdev-teams-teams.git`, ".");
  const pushed: number[] = [];
  const whole: number[] = [];
  const healed: number[] = [];
  const at = { namespace: "payments", name: "settings" };
  for (let n = 0; n < rounds; n += 1) {
    writeFileSync(
      join(work, "payments/settings.yaml"),
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: payments}\ndata: {round: "${n}"}\n`,
    );
    await git("commit", "-qam", `round ${n}`);
    const startedMs = performance.now();
    await git("push", "-q");
    const pushedMs = performance.now();
    await until(async () => (await client.get<ConfigMap>(configMaps, at))?.data?.["round"] === String(n));
    pushed.push(performance.now() - pushedMs);
    whole.push(performance.now() - startedMs);
    await delay(50);
    const editedMs = performance.now();
    await client.patch(configMaps, at, "merge", { data: { round: "edited by hand" } });
    await until(async () => (await client.get<ConfigMap>(configMaps, at))?.data?.["round"] === String(n));
    healed.push(performance.now() - editedMs);
  }
  return [
    {
      name: "push: start of git push to live, median",
      value: round(median(whole)),
      unit: "ms",
      goal: 2000,
      better: "lower",
    },
    {
      name: "push: end of git push to live, median",
      value: round(median(pushed)),
      unit: "ms",
      goal: null,
      better: "lower",
    },
    {
      name: "push: start of git push to live, worst",
      value: round(Math.max(...whole)),
      unit: "ms",
      goal: 2000,
      better: "lower",
    },
    {
      name: "self-heal: hand edit to healed, median",
      value: round(median(healed)),
      unit: "ms",
      goal: 1000,
      better: "lower",
    },
    {
      name: "self-heal: hand edit to healed, worst",
      value: round(Math.max(...healed)),
      unit: "ms",
      goal: 2000,
      better: "lower",
    },
  ];
}

type ConfigMap = { apiVersion: string; kind: string; metadata: object; data?: Record<string, string> };
type Kubeconfig = { clusters: { cluster: Record<string, string> }[]; users: { user: Record<string, string> }[] };

function connectionOf({ clusters, users }: Kubeconfig) {
  const decode = (text: string | undefined) => Buffer.from(text ?? "", "base64").toString();
  const cluster = clusters[0]?.cluster ?? {};
  const user = users[0]?.user ?? {};
  return {
    server: cluster["server"] ?? "",
    caCertificate: decode(cluster["certificate-authority-data"]),
    clientCertificate: decode(user["client-certificate-data"]),
    clientKey: decode(user["client-key-data"]),
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error("Nothing happened within 10 s");
    await delay(5);
  }
}
