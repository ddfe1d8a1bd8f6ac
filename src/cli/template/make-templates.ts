import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { canonicalJson } from "../../apimachinery/index.ts";
import {
  type Composition,
  type Definition,
  distinctDefinitions,
  type OutputFile,
  SourceError,
  withCompositions,
} from "../../templates/index.ts";
import { readClusterSources } from "./cluster-sources.ts";
import { type DefinitionOutput, jointFiles, outputOf, targetOf } from "./definition-output.ts";
import { findInputs, type Input, type Skipped, type SourceChoice } from "./find-inputs.ts";
import { moduleFolder } from "./installed-modules.ts";
import { asked, openCluster } from "./open-cluster.ts";
import { type ReadSource, readSource, readStandardInput } from "./read-source.ts";
import type { PlacedNote } from "./report.ts";
import type { StepProgress } from "./step-progress.ts";
import { type Mode, standardInput, type TemplateFlags } from "./template-flags.ts";

/** What was made of the sources as they were at one time. */
export type Made = {
  files: OutputFile[];
  /** How many there are of each kind of source, in words. */
  read: Record<string, number>;
  templates: number;
  /** Files that hold nothing of what was asked for. */
  others: number;
  /** Files that were passed over, and why that is worth saying. */
  skipped: string[];
  problems: SourceError[];
  notes: PlacedNote[];
  /** Files that were read, which nothing may take the place of. */
  inputs: string[];
  definitions: Definition[];
};

export type MakeOptions = { progress: StepProgress; signal: AbortSignal };

/** Makes templates, again and again if need be: what has not changed since is not read and made again. */
export type Maker = { make(options: MakeOptions): Promise<Made> };

const sourceWords: Record<Definition["source"], string> = {
  crd: "custom resource",
  xrd: "composite resource",
  kro: "resource graph",
  terraform: "Terraform module",
  helm: "chart",
  openapi: "OpenAPI form",
  "json-schema": "JSON Schema",
};

/**
 * @param paths what was given without a flag; names of definitions with `--from-cluster`
 * @throws {CliError} of `make`, when the cluster does not answer, or the template to put forms into is none
 */
export function createMaker(choice: SourceChoice, flags: TemplateFlags, paths: readonly string[]): Maker {
  const read = new Map<string, { stamp: string; source: ReadSource }>();
  const outputs = new WeakMap<Definition, DefinitionOutput>();
  let lastTarget = "";
  let standard: string | undefined;

  const findAll = async (signal: AbortSignal) => {
    if (flags.fromCluster) return await clusterInputs(choice, flags, paths);
    const isOfModules = choice === "tf" || choice === "auto";
    const all = [...flags.inputDir, ...(isOfModules ? paths.map(moduleFolder) : paths)];
    const found = findInputs(
      all.filter((path) => path !== standardInput),
      choice,
      flags.depth,
    );
    if (!all.includes(standardInput)) return found;
    standard ??= await readStandardInput(signal);
    const input: Input = { kind: "text", text: standard, shown: "stdin", isNamed: true, stamp: standard };
    return { ...found, inputs: [...found.inputs, input] };
  };
  const readAll = async (inputs: readonly Input[], { progress, signal }: MakeOptions) => {
    const sources: ReadSource[] = [];
    for (const [index, input] of inputs.entries()) {
      await nextTurn();
      signal.throwIfAborted();
      progress.at("Reading", index, inputs.length);
      const known = read.get(input.shown);
      const { version } = flags;
      const source =
        known?.stamp === input.stamp
          ? known.source
          : await readSource(input, { choice, ...(version !== undefined && { version }) });
      read.set(input.shown, { stamp: input.stamp, source });
      sources.push(source);
    }
    return sources;
  };
  return {
    async make(options) {
      const { inputs, skipped, problems } = await findAll(options.signal);
      const sources = await readAll(inputs, options);
      const target = targetOf(flags);
      const compositions: Composition[] = sources.flatMap((source) => source.compositions);
      const found = withCompositions(sources.flatMap(definitionsOf(target.mode)), compositions);
      const definitions = distinctDefinitions(found);
      const notes = tellDoubles(found, definitions);
      const isSameTarget = target.key === lastTarget;
      lastTarget = target.key;
      const made: DefinitionOutput[] = [];
      for (const [index, definition] of definitions.entries()) {
        await nextTurn();
        options.signal.throwIfAborted();
        options.progress.at("Making templates", index, definitions.length);
        const output = (isSameTarget ? outputs.get(definition) : undefined) ?? outputOf(definition, target);
        outputs.set(definition, output);
        made.push(output);
      }
      const files = made.flatMap((output) => output.files);
      const joint = jointFiles(definitions, files, target);
      return {
        files: [...files, ...joint.files],
        read: countsOf(definitions),
        templates:
          target.mode === "collapsed"
            ? Math.min(1, made.length)
            : made.filter((output) => output.files.length > 0).length,
        others: sources.filter(isOther).length,
        skipped: [
          ...skipped.map(({ file, why }) => `${file} ${why}`),
          ...sources.flatMap(({ passedOver }) => passedOver ?? []),
        ],
        problems: [
          ...problems,
          ...sources.flatMap((source) => source.problems),
          ...made.flatMap((output) => output.problems),
        ],
        notes: [...notes, ...made.flatMap((output) => output.notes), ...joint.notes],
        inputs: [...inputs.flatMap(pathsOf), ...(flags.templatePath === undefined ? [] : [flags.templatePath])],
        definitions,
      };
    },
  };
}

/** What is read of a cluster, as if each of its objects were a file. */
async function clusterInputs(
  choice: SourceChoice,
  flags: TemplateFlags,
  names: readonly string[],
): Promise<{ inputs: Input[]; skipped: Skipped[]; problems: SourceError[] }> {
  using cluster = openCluster(flags);
  const selection = { choice, groups: flags.group, names };
  const { sources, missing } = await asked(cluster, async (client) => await readClusterSources(client, selection));
  return {
    inputs: sources.map(({ shown, text }) => ({ kind: "text", text, shown, isNamed: true, stamp: text })),
    skipped: [],
    problems: missing.map((name) => new SourceError("the cluster has no definition of this name", { file: name })),
  };
}

/** cnoe-cli names what it makes of a module as its directory is named, whatever characters that has. */
function definitionsOf(mode: Mode): (source: ReadSource) => Definition[] {
  return ({ definitions, directory }) =>
    mode === "complete" || directory === undefined
      ? definitions
      : definitions.map((one) => ({ ...one, name: directory }));
}

/** Says which definitions give way to others of the same name, or are called otherwise because of them. */
function tellDoubles(found: readonly Definition[], kept: readonly Definition[]): PlacedNote[] {
  const known = new Set(found);
  const isKept = new Set(kept);
  const renamed = kept.filter((definition) => !known.has(definition));
  const calledOtherwise = new Set(renamed.map(({ origin }) => origin.file));
  const notes = renamed.map(
    ({ name, title, origin }): PlacedNote => ({
      file: origin.file,
      at: "",
      message: `is called ${name}: there is another ${title}`,
    }),
  );
  for (const definition of found) {
    const { name, title, origin } = definition;
    if (isKept.has(definition) || calledOtherwise.has(origin.file)) continue;
    const other = kept.find((one) => one.name === name);
    // Collections often hold the same file twice.
    if (other === undefined || canonicalJson(other.schema) === canonicalJson(definition.schema)) continue;
    notes.push({
      file: origin.file,
      at: "",
      message: `${title} is left out: it is defined again in ${other.origin.file}`,
    });
  }
  return notes;
}

function countsOf(definitions: readonly Definition[]): Record<string, number> {
  const counts = Object.fromEntries(Object.values(sourceWords).map((words) => [words, 0]));
  for (const { source } of definitions) counts[sourceWords[source]] = (counts[sourceWords[source]] ?? 0) + 1;
  return counts;
}

function isOther({ definitions, compositions, problems, passedOver }: ReadSource): boolean {
  return definitions.length + compositions.length + problems.length === 0 && passedOver === undefined;
}

function pathsOf(input: Input): string[] {
  switch (input.kind) {
    case "text":
      return [];
    case "module":
      return input.fileNames.map((name) => join(input.path, name));
    case "chart":
      return [join(input.path, "Chart.yaml"), join(input.path, "values.yaml"), join(input.path, "values.schema.json")];
    default:
      return [input.path];
  }
}
