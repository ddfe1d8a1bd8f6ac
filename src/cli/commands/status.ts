import { stringifyYaml } from "../../apimachinery/index.ts";
import { packageAnnotations } from "../../packages/index.ts";
import { computeText, platformUrls, stateDirectory } from "../../platform/index.ts";
import { connectKubeconfig, requireConfig } from "../connect.ts";
import { runningPlatform } from "../daemon.ts";
import { observePlatform } from "../observe.ts";
import { formatTable, parseOutputFormat } from "../output.ts";
import { treeLines } from "../progress.ts";
import { type ApplicationState, assess, type Item } from "../readiness.ts";
import { caCertificateFile } from "./trust.ts";

export async function status({ name, output }: { name: string; output: string }): Promise<void> {
  const format = parseOutputFormat(output);
  const config = requireConfig(name);
  const state = stateDirectory(name);
  const run = runningPlatform(state);
  const urls = platformUrls(config);
  const facts = {
    name,
    state: run === undefined ? "stopped" : "running",
    ...(run === undefined ? {} : { pid: run.pid, startedAt: run.startedAt }),
    frontPage: `${urls.front}/`,
    git: urls.git,
    kubernetesApi: `https://127.0.0.1:${config.apiPort}`,
    compute: config.compute,
    pods: computeText(config),
    directory: state.root,
    caCertificate: caCertificateFile(name),
  };
  const { packages, applications } = run === undefined ? { packages: [], applications: [] } : await readState(name);
  if (format !== "table") {
    const all = { ...facts, packages, applications };
    process.stdout.write(format === "json" ? `${JSON.stringify(all, null, 2)}\n` : stringifyYaml(all));
    return;
  }
  const lines = Object.entries(facts).map(([key, value]) => `${`${key}:`.padEnd(15)} ${value}`);
  process.stdout.write(`${lines.join("\n")}\n`);
  if (applications.length > 0) {
    const rows = applications.map((app) => [`${app.namespace}/${app.name}`, app.sync, app.health, app.message]);
    process.stdout.write(`\n${formatTable(["APPLICATION", "SYNC", "HEALTH", "MESSAGE"], rows)}`);
  }
  if (packages.some((item) => item.state !== "ready"))
    process.stdout.write(
      `\nNot ready:\n${treeLines(
        packages.filter((item) => item.state !== "ready"),
        200,
        "  ",
      ).join("\n")}\n`,
    );
}

async function readState(name: string) {
  using connection = connectKubeconfig(stateDirectory(name).kubeconfig, name);
  await connection.client.raw("/version");
  await using observation = await observePlatform(connection.client, name);
  const snapshot = observation.snapshot();
  const configs = snapshot.localbuild?.spec.packageConfigs;
  const sources = [
    ...(configs?.customPackageDirs ?? []),
    ...(configs?.customPackageFiles ?? []),
    ...(configs?.customPackageUrls ?? []),
  ];
  const startTime = snapshot.localbuild?.metadata.annotations?.[packageAnnotations.startTime] ?? "";
  const packages: Item[] = snapshot.localbuild === undefined ? [] : assess(snapshot, { startTime, sources });
  const applications = snapshot.applications.map(({ metadata, status }) => ({
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    sync: status?.sync?.status ?? "Unknown",
    health: status?.health?.status ?? "Unknown",
    message: messageOf(status).replaceAll("\n", " "),
  }));
  return { packages, applications };
}

/** What is wrong or going on; the end of an operation long over says nothing of what is now. */
function messageOf(status: ApplicationState["status"]): string {
  const problem = status?.conditions?.[0]?.message ?? status?.health?.message;
  if (problem !== undefined) return problem;
  const settled = status?.sync?.status === "Synced" && status.health?.status === "Healthy";
  return settled && status.operationState?.phase !== "Running" ? "" : (status?.operationState?.message ?? "");
}
