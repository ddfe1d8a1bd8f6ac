import { posix } from "node:path";
import {
  fieldsAt,
  isFields,
  type JsonObject,
  type KubeObject,
  parseYamlDocuments,
  setField,
  textAt,
  YamlError,
} from "../../apimachinery/index.ts";
import { errorText, textOf } from "../../lib/index.ts";
import {
  checkForm,
  readTerraformModule,
  type ScaffoldResult,
  SourceError,
  scaffold,
  validateAnswers,
} from "../../templates/index.ts";
import { type LoadedTemplate, pagesOf } from "./load-templates.ts";
import { formVariants, sampleAnswers } from "./trial-answers.ts";
import type { TrialCluster } from "./trial-cluster.ts";

/** Which answers a template is tried with: the least that its form takes, everything it asks for, or what the user gave. */
export type AnswersKind = "least" | "full" | "given";

/** Something that a template makes, or asks, and that somebody does not accept. */
export type Refusal = { step: string; file?: string; object?: string; why: string };
/** An object of a kind that the cluster does not know. */
export type Unjudged = { file: string; object: string; why: string };
export type TrialRun = {
  answersKind: AnswersKind;
  /** What was chosen of what the form offers, and brings fields of its own; empty where it offers nothing of the kind. */
  choice: string;
  answers: JsonObject;
  files: { path: string; content: string | Uint8Array }[];
  /** Objects that the server accepts, and Terraform modules that can be read. */
  accepted: number;
  refused: Refusal[];
  unjudged: Unjudged[];
};
export type Trial = { template: string; formProblems: string[]; runs: TrialRun[] };

/**
 * Tries a template: its form by the portal's form library, sample answers by the form, and what is made of them by an API server.
 *
 * @param given answers in place of the samples
 */
export async function tryTemplate(template: LoadedTemplate, cluster: TrialCluster, given?: JsonObject): Promise<Trial> {
  const pages = pagesOf(template);
  const kinds: AnswersKind[] = given === undefined ? ["least", "full"] : ["given"];
  const runs: TrialRun[] = [];
  for (const { choice, pages: chosen } of given === undefined ? formVariants(pages) : [{ choice: "", pages }]) {
    for (const answersKind of kinds) {
      const run: TrialRun = { answersKind, choice, answers: {}, files: [], accepted: 0, refused: [], unjudged: [] };
      runs.push(run);
      await tryAnswers(run, { template, pages, chosen, given, cluster });
    }
  }
  return { template: template.file, formProblems: checkForm(pages), runs };
}

type Context = {
  template: LoadedTemplate;
  pages: JsonObject[];
  chosen: JsonObject[];
  given: JsonObject | undefined;
  cluster: TrialCluster;
};

async function tryAnswers(run: TrialRun, { template, pages, chosen, given, cluster }: Context): Promise<void> {
  try {
    run.answers = given ?? sampleAnswers(chosen, run.answersKind === "full" ? "all" : "required");
  } catch (error) {
    run.refused.push({ step: "sample answers", why: errorText(error) });
    return;
  }
  for (const page of pages) {
    const step = `form, page ${textAt(page, "title")}`;
    try {
      for (const why of validateAnswers(page, run.answers)) run.refused.push({ step, why });
    } catch (error) {
      run.refused.push({ step, why: errorText(error) });
    }
  }
  let result: ScaffoldResult;
  try {
    const files = [...template.files].map(([path, content]) => ({ path, content }));
    const { answers, secrets } = withoutSecrets(pages, run.answers);
    result = scaffold({ template: template.text, file: template.file, files, answers, secrets });
  } catch (error) {
    run.refused.push({ step: "scaffold", why: errorText(error) });
    return;
  }
  run.files = result.files;
  for (const why of result.unrendered) run.refused.push({ step: "scaffold", why });
  for (const made of objectsOf(result, run.refused)) await judge(made, run, cluster);
  await judgeModules(result, run);
}

/**
 * What the portal's field for secrets makes of answers: they are kept apart, and as many stars stand in their place.
 *
 * @param pages of the form, which say where the fields are
 */
export function withoutSecrets(
  pages: readonly JsonObject[],
  answers: JsonObject,
): { answers: JsonObject; secrets: Record<string, string> } {
  const shown: JsonObject = { ...answers };
  const secrets: Record<string, string> = {};
  for (const page of pages) {
    for (const [name, field] of Object.entries(fieldsAt(page, "properties"))) {
      const answer = Object.hasOwn(answers, name) ? answers[name] : undefined;
      if (textAt(field, "ui:field") !== "Secret" || typeof answer !== "string") continue;
      setField(secrets, name, answer);
      setField(shown, name, "*".repeat(answer.length));
    }
  }
  return { answers: shown, secrets };
}

type Made = { step: string; file: string; object: KubeObject };

async function judge({ step, file, object }: Made, run: TrialRun, cluster: TrialCluster): Promise<void> {
  const what = `${object.kind} ${object.metadata.name ?? object.metadata.generateName ?? ""}`.trimEnd();
  const judgement = await cluster.judge(object);
  if (judgement.state === "accepted") run.accepted++;
  else if (judgement.state === "refused") run.refused.push({ step, file, object: what, why: judgement.why });
  else run.unjudged.push({ file, object: what, why: judgement.why });
}

/** The objects in what a template makes. Entities of the portal's catalog are not the cluster's. */
function objectsOf(result: ScaffoldResult, refused: Refusal[]): Made[] {
  const texts = [
    ...result.steps.flatMap(({ id, manifests = [] }) =>
      manifests.map((text) => ({ step: id, file: `step ${id}`, text })),
    ),
    ...result.files
      .filter(({ path }) => /\.(ya?ml|json)$/.test(path))
      .map(({ path, content }) => ({
        step: "apply",
        file: path,
        text: typeof content === "string" ? content : textOf(content),
      })),
  ];
  // A step that applies a file has its text, and the file is judged once.
  const seen = new Set<string>();
  return texts.flatMap(({ step, file, text }) => {
    if (seen.has(text)) return [];
    seen.add(text);
    return documentsOf(text, file, refused)
      .filter(isObject)
      .filter(({ apiVersion }) => !/^(scaffolder\.)?backstage\.io\//.test(apiVersion))
      .map((object) => ({ step, file, object }));
  });
}

function documentsOf(text: string, file: string, refused: Refusal[]): unknown[] {
  try {
    return parseYamlDocuments(text, { file }).map(({ value }) => value);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    // Files of a chart or of a tool of its own are no plain YAML.
    if (!text.includes("{{")) refused.push({ step: "read", file, why: error.message });
    return [];
  }
}

function isObject(value: unknown): value is KubeObject {
  return (
    isFields(value) && textAt(value, "apiVersion") !== "" && textAt(value, "kind") !== "" && isFields(value["metadata"])
  );
}

/** What is made for Terraform is read by the parser that Terraform has. */
async function judgeModules(result: ScaffoldResult, run: TrialRun): Promise<void> {
  const modules = new Map<string, Map<string, string>>();
  for (const { path, content } of result.files) {
    if (!/\.(tf|tofu)(\.json)?$/.test(path)) continue;
    const directory = posix.dirname(path);
    const files = modules.get(directory) ?? new Map<string, string>();
    files.set(posix.basename(path), typeof content === "string" ? content : textOf(content));
    modules.set(directory, files);
  }
  for (const [directory, files] of modules) {
    try {
      await readTerraformModule({ name: posix.basename(directory), path: directory, files });
      run.accepted++;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      run.refused.push({ step: "terraform", file: error.file, why: error.message });
    }
  }
}
