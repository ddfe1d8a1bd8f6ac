import {
  isJsonObject,
  itemsAt,
  type JsonObject,
  type JsonValue,
  parseYamlDocuments,
  textAt,
  valueAt,
  YamlError,
} from "../../apimachinery/index.ts";
import { SourceError } from "../definition.ts";
import type { ActionContext } from "./action.ts";
import { isElsewhere } from "./fetch-actions.ts";
import { fileActions } from "./file-actions.ts";
import { manifestsOf, standFor } from "./outside-actions.ts";
import { createStepRenderer, isTruthy, iterationsOf, type StepContext, type StepRenderer } from "./step-renderer.ts";
import { resolvePath, type ScaffoldFile, Workspace } from "./workspace.ts";

/** How many steps a template may have, and how often `each` may repeat one; the largest we know of has a dozen steps. */
const stepsMax = 200;
const iterationsMax = 1000;

/**
 * @property template text of a Template, `scaffolder.backstage.io/v1beta3`
 * @property file its name, for messages
 * @property files those of its folder, with paths relative to it
 * @property answers what the form gives, defaults filled in
 * @property user who runs it; a guest when absent
 * @property secrets answers of secret fields
 */
export type ScaffoldRequest = {
  template: string;
  file: string;
  files: readonly ScaffoldFile[];
  answers: JsonObject;
  user?: JsonObject;
  secrets?: Readonly<Record<string, string>>;
};

/**
 * What became of a step.
 *
 * @property state `ran`, or `skipped` by its condition, or `outside`: it needs more than files, so that its outputs are made up,
 *   or `unknown`: nothing is known of its action, and it has no outputs
 * @property inputs one for each time it runs, expressions filled in
 * @property manifests what it would apply to a cluster
 */
export type StepReport = {
  id: string;
  name: string;
  action: string;
  state: "ran" | "skipped" | "outside" | "unknown";
  inputs: JsonObject[];
  manifests?: string[];
};

/**
 * @property files what the steps left in the workspace, sorted by path
 * @property output the template's own, such as its links
 * @property log what steps said
 * @property unrendered expressions that could not be evaluated, and why
 */
export type ScaffoldResult = {
  files: ScaffoldFile[];
  steps: StepReport[];
  output: JsonValue;
  log: string[];
  unrendered: readonly string[];
};

/**
 * Runs the steps of a template that make files, as Backstage's scaffolder does. What needs more than files is not run.
 *
 * @throws {SourceError} when the text is no template
 * @throws {Error} when a step fails, with its id
 */
export function scaffold(request: ScaffoldRequest): ScaffoldResult {
  const template = readTemplate(request);
  const source = new Workspace();
  for (const { path, content } of request.files) source.write(resolvePath(path), content);
  const run: Run = { source, workspace: new Workspace(), renderer: createStepRenderer(), log: [] };
  const outputs: JsonObject = {};
  const user = request.user ?? guest;
  const base = {
    parameters: request.answers,
    user,
    environment: { parameters: {}, secrets: {} },
    context: { task: { id: "task" } },
  };
  const steps = itemsAt(template, "spec", "steps");
  if (steps.length > stepsMax) throw new Error(`Cannot run ${request.file}: more than ${stepsMax} steps`);
  const reports = steps.map((step, index) => {
    const id = textAt(step, "id") || `step-${index + 1}`;
    const context = { ...base, steps: outputs, secrets: { ...request.secrets } };
    const { report, output } = runStep(run, id, step, context);
    if (output !== undefined) outputs[id] = { output };
    return report;
  });
  const output = run.renderer.render(jsonAt(template, "output") ?? {}, { ...base, steps: outputs });
  return {
    files: run.workspace.files(),
    steps: reports,
    output: withoutHidden(output ?? {}),
    log: run.log,
    unrendered: run.renderer.unrendered,
  };
}

type Run = { source: Workspace; workspace: Workspace; renderer: StepRenderer; log: string[] };

const guest: JsonObject = {
  ref: "user:default/guest",
  entity: {
    apiVersion: "backstage.io/v1alpha1",
    kind: "User",
    metadata: { name: "guest", namespace: "default" },
    spec: {},
  },
};

function readTemplate({ template, file }: ScaffoldRequest): JsonObject {
  const documents = documentsOf(template, file);
  const templates = documents.map(({ value }) => value).filter((value) => textAt(value, "kind") === "Template");
  const [first] = templates;
  if (!isJsonObject(first)) throw new SourceError("holds no Template", { file });
  const apiVersion = textAt(first, "apiVersion");
  if (apiVersion !== "scaffolder.backstage.io/v1beta3") {
    throw new SourceError(`is a Template of ${apiVersion || "no apiVersion"}, not of scaffolder.backstage.io/v1beta3`, {
      file,
    });
  }
  return first;
}

function documentsOf(text: string, file: string): ReturnType<typeof parseYamlDocuments> {
  try {
    return parseYamlDocuments(text);
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    const { line, column, message } = cause;
    throw new SourceError(message.replace(/^line \d+, column \d+: /, ""), { file, line, column }, { cause });
  }
}

function runStep(
  run: Run,
  id: string,
  step: object,
  context: StepContext,
): { report: StepReport; output?: JsonObject } {
  const action = textAt(step, "action");
  const report: StepReport = { id, name: textAt(step, "name") || id, action, state: "skipped", inputs: [] };
  const condition = valueAt(step, "if");
  const { each, ...others } = context;
  const turns = turnsOf(run, id, step, others);
  const isWanted = (turn: StepContext) =>
    typeof condition !== "string" || isTruthy(run.renderer.render(condition, turn));
  const wanted = condition === false ? [] : turns.filter(isWanted);
  const repeats = valueAt(step, "each") !== undefined;
  if (wanted.length === 0 && !repeats) return { report };
  const collected: JsonObject = {};
  const manifests: string[] = [];
  for (const turn of wanted) {
    const rendered = run.renderer.render(jsonOf(valueAt(step, "input")) ?? {}, turn);
    const input = isJsonObject(rendered) ? rendered : {};
    report.inputs.push(input);
    try {
      const { state, output, manifest } = runAction(run, action, input);
      report.state = state;
      if (manifest !== undefined) manifests.push(manifest);
      for (const [name, value] of Object.entries(output))
        collected[name] = repeats ? appended(collected[name], value) : value;
    } catch (cause) {
      throw new Error(`Cannot run step ${id} (${action}): ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
  }
  if (manifests.length > 0) report.manifests = manifests;
  return { report, output: collected };
}

function turnsOf(run: Run, id: string, step: object, context: StepContext): StepContext[] {
  const each = jsonOf(valueAt(step, "each"));
  if (each === undefined) return [context];
  const iterations = iterationsOf(run.renderer.render(each, context));
  if (iterations === undefined) throw new Error(`Cannot run step ${id}: each has to be a list or an object`);
  if (iterations.length > iterationsMax)
    throw new Error(`Cannot run step ${id}: each has more than ${iterationsMax} items`);
  return iterations.map((iteration) => ({ ...context, each: iteration }));
}

type Ran = { state: StepReport["state"]; output: JsonObject; manifest?: string };

function runAction({ source, workspace, log }: Run, action: string, input: JsonObject): Ran {
  const context: ActionContext = { input, source, workspace, log: (line) => log.push(line) };
  const known = fileActions.get(action);
  if (known !== undefined) {
    if (action.startsWith("fetch:") && isElsewhere(input["url"])) return { state: "outside", output: {} };
    return { state: "ran", output: known(context) };
  }
  const stand = standFor(action);
  if (stand === undefined) return { state: "unknown", output: {} };
  const manifest = manifestsOf(action, context);
  return { state: "outside", output: stand(context), ...(manifest !== undefined && { manifest }) };
}

function appended(list: JsonValue | undefined, value: JsonValue): JsonValue[] {
  return Array.isArray(list) ? [...list, value] : [value];
}

/** Links and texts of the output are shown when their condition, if they have one, is true. */
function withoutHidden(output: JsonValue): JsonValue {
  if (!isJsonObject(output)) return output;
  const shown = { ...output };
  for (const key of ["links", "text"]) {
    const items = shown[key];
    if (!Array.isArray(items)) continue;
    shown[key] = items.filter((item) => !isJsonObject(item) || item["if"] === undefined || isTruthy(item["if"]));
  }
  return shown;
}

function jsonAt(template: JsonObject, field: string): JsonValue | undefined {
  const { spec } = template;
  return isJsonObject(spec) ? spec[field] : undefined;
}

/** What was read from YAML is JSON. */
function jsonOf(value: unknown): JsonValue | undefined {
  return isJson(value) ? value : undefined;
}

function isJson(value: unknown): value is JsonValue {
  return value !== undefined;
}
