import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  isFields,
  isJsonObject,
  type JsonObject,
  type KubeObject,
  parseYaml,
  textAt,
} from "../../apimachinery/index.ts";
import { errorText } from "../../lib/index.ts";
import { stateDirectory } from "../../platform/index.ts";
import { customResourceDefinitions, type Definition, readKubernetesDefinitions } from "../../templates/index.ts";
import { connectPlatform } from "../connect.ts";
import { runningPlatform } from "../daemon.ts";
import { defaultName } from "../default-name.ts";
import { CliError } from "../errors.ts";
import { findInputs } from "../template/find-inputs.ts";
import { type Gathered, gatherTemplates } from "../template/gather-templates.ts";
import { openInterruption } from "../template/interruption.ts";
import { openCluster } from "../template/open-cluster.ts";
import { stepProgress } from "../template/step-progress.ts";
import { type Trial, tryTemplate } from "../template/trial.ts";
import {
  openTrialControlPlane,
  openTrialLogicalCluster,
  openTrialOf,
  type TrialCluster,
} from "../template/trial-cluster.ts";
import { trialJson, trialSummary, trialText, verdictOf } from "../template/trial-report.ts";

export type TestFlags = {
  depth: number;
  crds: readonly string[];
  answers?: string;
  keep?: string;
  /** A platform that runs. */
  name?: string;
  /** A context of the kubeconfig, or `true` for its current one. */
  cluster?: string | true;
  kubeconfig?: string;
  output: string;
};

/** As deep as definitions are looked for with `--crds`: files of collections lie in directories by group and version. */
const crdsDepth = 8;

/** Fills templates in and lets an API server judge what they make; ends with 1 when it refuses something. */
export async function testTemplates(paths: readonly string[], flags: TestFlags): Promise<void> {
  checkFlags(flags);
  const given = flags.answers === undefined ? undefined : readAnswers(flags.answers);
  using interruption = openInterruption();
  const { signal } = interruption;
  const progress = stepProgress(process.stderr, { forced: false, nowMs: () => performance.now() });
  try {
    const gathered = await gatherTemplates(paths, { depth: flags.depth, progress, signal });
    await using parts = new AsyncDisposableStack();
    const cluster = await openTrial(flags, parts);
    const problems = [
      ...gathered.problems.map(({ message }) => message),
      ...(await installDefinitions(cluster, gathered, flags)),
    ];
    const trials: Trial[] = [];
    for (const [index, template] of gathered.templates.entries()) {
      signal.throwIfAborted();
      progress.at("Testing templates", index, gathered.templates.length);
      const trial = await tryTemplate(template, cluster, given);
      trials.push(trial);
      if (flags.keep !== undefined) keepFiles(flags.keep, trial);
      if (flags.output === "json") continue;
      progress.end();
      process.stdout.write(trialText(trial));
    }
    progress.end();
    report(trials, { problems, cluster, flags });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CliError("template-interrupted", {}, { cause: error });
  } finally {
    progress.end();
  }
}

function report(
  trials: readonly Trial[],
  { problems, cluster, flags }: { problems: readonly string[]; cluster: TrialCluster; flags: TestFlags },
): void {
  if (flags.output === "json") process.stdout.write(trialJson(trials, { cluster: cluster.what, problems }));
  else process.stdout.write(trialSummary(trials, cluster.what));
  process.stderr.write(problems.map((problem) => `${problem}\n`).join(""));
  if (problems.length > 0 || trials.some((trial) => verdictOf(trial) === "refused")) process.exitCode = 1;
}

function checkFlags({ output, cluster, name, crds, kubeconfig, answers }: TestFlags): void {
  const refuse = (why: string): never => {
    throw new CliError("usage", { why, command: "skiff template test" });
  };
  if (output !== "text" && output !== "json") refuse(`output format ${output} is not supported`);
  if (cluster !== undefined && name !== undefined) refuse("--cluster and --name exclude each other");
  if (cluster !== undefined && crds.length > 0)
    refuse(
      "--cluster judges by a cluster as it is, in which --crds would have to be stored: apply them, or leave out --cluster",
    );
  if (kubeconfig !== undefined && cluster === undefined) refuse("--kubeconfig is for --cluster");
  if (answers !== undefined && !existsSync(answers)) refuse(`There is no file ${answers}`);
}

function readAnswers(file: string): JsonObject {
  try {
    const answers = parseYaml(readFileSync(file, "utf8"), { file });
    if (isJsonObject(answers)) return answers;
  } catch (error) {
    throw new CliError("template-input", { why: errorText(error), command: "skiff template test" }, { cause: error });
  }
  throw new CliError("template-input", { why: `${file}: answers are an object`, command: "skiff template test" });
}

/** The cluster as it is, else a logical cluster of the platform that is named or runs, else an API server in this process. */
async function openTrial({ cluster, name, kubeconfig }: TestFlags, parts: AsyncDisposableStack): Promise<TrialCluster> {
  if (cluster !== undefined) {
    const context = cluster === true ? undefined : cluster;
    const opened = parts.use(
      openCluster({ ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) }),
    );
    return parts.use(openTrialOf(opened.client, `the cluster at ${opened.server}`));
  }
  const platform = name ?? defaultName;
  if (name === undefined && runningPlatform(stateDirectory(platform)) === undefined)
    return parts.use(await openTrialControlPlane());
  const connection = parts.use(connectPlatform(platform));
  return parts.use(await openTrialLogicalCluster(connection.client, platform));
}

/** Kinds that the sources define, and those of `--crds`. @returns what could not be used */
async function installDefinitions(
  cluster: TrialCluster,
  { definitions }: Gathered,
  flags: TestFlags,
): Promise<string[]> {
  if (flags.cluster !== undefined) return [];
  const { definitions: named, problems } = readDefinitions(flags.crds);
  for (const definition of [...definitions, ...named]) {
    const crds: unknown[] = customResourceDefinitions(definition);
    for (const crd of crds.filter(isObject)) {
      const refusal = await cluster.install(crd);
      if (refusal !== undefined) problems.push(`${definition.origin.file}: ${refusal}`);
    }
  }
  return problems;
}

function readDefinitions(paths: readonly string[]): { definitions: Definition[]; problems: string[] } {
  const { inputs, problems } = findInputs(paths, "crd", crdsDepth);
  const found = { definitions: [] as Definition[], problems: problems.map(({ message }) => message) };
  for (const input of inputs) {
    if (input.kind !== "file" || !/\.(ya?ml|json)$/.test(input.path)) continue;
    const read = readKubernetesDefinitions(readFileSync(input.path, "utf8"), { file: input.shown });
    found.definitions.push(...read.definitions);
    if (read.definitions.length > 0) found.problems.push(...read.problems.map(({ message }) => message));
  }
  return found;
}

function isObject(value: unknown): value is KubeObject {
  return isFields(value) && textAt(value, "metadata", "name") !== "";
}

/** Each run in a directory of its own, with its answers. */
function keepFiles(directory: string, { template, runs }: Trial): void {
  const name = fileName(template.replace(/(\/template)?\.ya?ml$/, ""));
  try {
    for (const { answersKind, choice, answers, files } of runs) {
      const place = join(directory, name, fileName(choice), answersKind);
      for (const { path, content } of [
        ...files,
        { path: "answers.json", content: `${JSON.stringify(answers, null, 2)}\n` },
      ]) {
        mkdirSync(dirname(join(place, path)), { recursive: true });
        writeFileSync(join(place, path), content);
      }
    }
  } catch (error) {
    throw new CliError("template-output", { directory, why: errorText(error) }, { cause: error });
  }
}

function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]+/g, "_");
}
