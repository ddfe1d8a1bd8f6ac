import { readFileSync } from "node:fs";
import { errorText } from "../../lib/index.ts";
import {
  type CnoeOptions,
  type CompleteOptions,
  collapseIntoTemplate,
  completeTemplate,
  type Definition,
  formFields,
  formOf,
  type GivenTemplate,
  insertIntoTemplate,
  type OutputFile,
  rawProperties,
  SourceError,
  templatesLocation,
} from "../../templates/index.ts";
import { CliError } from "../errors.ts";
import type { PlacedNote } from "./report.ts";
import { type Mode, modeOf, type TemplateFlags } from "./template-flags.ts";

/** What is made of each definition. `key` changes when anything does that all of them are made with. */
export type Target = { mode: Mode; key: string; flags: TemplateFlags; given: GivenTemplate | undefined };
export type DefinitionOutput = { files: OutputFile[]; notes: PlacedNote[]; problems: SourceError[] };

/** @throws {CliError} when the template that forms are put into cannot be read */
export function targetOf(flags: TemplateFlags): Target {
  const mode = modeOf(flags);
  const { templatePath, insertAt } = flags;
  if (templatePath === undefined || mode === "raw" || mode === "complete")
    return { mode, key: "", flags, given: undefined };
  try {
    const text = readFileSync(templatePath, "utf8");
    return { mode, key: text, flags, given: { text, file: templatePath, insertAt } };
  } catch (error) {
    throw templateFault(error, templatePath);
  }
}

/** The files that a definition has for itself; none of the collapsed template, which all of them share. */
export function outputOf(definition: Definition, { mode, flags, given }: Target): DefinitionOutput {
  const notes: PlacedNote[] = [];
  try {
    if (mode === "complete") return completeOutput(definition, flags);
    const files =
      mode === "raw"
        ? [rawProperties(definition, cnoeOptions(flags, notes))]
        : given === undefined || mode === "collapsed"
          ? []
          : [insertIntoTemplate(definition, given, cnoeOptions(flags, notes))];
    return { files, notes: flags.schema === "form" ? notes : placed(definition, definition.notes), problems: [] };
  } catch (error) {
    if (given !== undefined) throw templateFault(error, given.file);
    const { file, line } = definition.origin;
    const place = { file, ...(line !== undefined && { line }) };
    return { files: [], notes: [], problems: [new SourceError(errorText(error), place, { cause: error })] };
  }
}

/** What all definitions share: the collapsed template with its branches, or the place in the catalog that names every template. */
export function jointFiles(
  definitions: readonly Definition[],
  files: readonly OutputFile[],
  { mode, flags, given }: Target,
): { files: OutputFile[]; notes: PlacedNote[] } {
  const notes: PlacedNote[] = [];
  if (mode === "complete") return { files: locationOf(files), notes };
  if (mode !== "collapsed" || given === undefined) return { files: [], notes };
  try {
    return { files: collapseIntoTemplate(definitions, given, cnoeOptions(flags, notes)), notes };
  } catch (error) {
    throw templateFault(error, given.file);
  }
}

/** With `--schema form` the fields of the clean form stand where cnoe-cli has the schema of the source. */
function cnoeOptions({ verifier, schema, formDepth }: TemplateFlags, notes: PlacedNote[]): CnoeOptions {
  const verifiers = { verifiers: verifier };
  if (schema !== "form") return verifiers;
  return {
    ...verifiers,
    fields(definition, options) {
      const form = formOf(definition, depthOption(formDepth));
      notes.push(...placed(definition, form.notes));
      return formFields(definition, form, options);
    },
  };
}

function depthOption(formDepth: number | undefined): { depthMax?: number } {
  return formDepth === undefined ? {} : { depthMax: formDepth };
}

function completeOutput(definition: Definition, flags: TemplateFlags): DefinitionOutput {
  const form = formOf(definition, depthOption(flags.formDepth));
  return {
    files: completeTemplate(definition, form, completeOptions(flags)),
    notes: placed(definition, form.notes),
    problems: [],
  };
}

function completeOptions(flags: TemplateFlags): CompleteOptions {
  const { publish, host, account, owner, type, terraform, moduleSource, chartRepository, verifier } = flags;
  const { templateName: name, templateTitle: title, templateDescription: description } = flags;
  return {
    ...(publish !== undefined && { publish }),
    ...(host !== undefined && { host }),
    ...(account !== undefined && { account }),
    ...(owner !== undefined && { owner }),
    ...(type !== undefined && { type }),
    ...(terraform !== undefined && { terraform }),
    ...(moduleSource !== undefined && { moduleSource }),
    ...(chartRepository !== undefined && { chartRepository }),
    ...(verifier.length > 0 && { verifiers: verifier }),
    metadata: {
      ...(name !== undefined && { name }),
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
    },
  };
}

/** Not `catalog-info.yaml`, which a repository that templates are put into has for itself. */
const locationFile = "all-templates.yaml";

function locationOf(files: readonly OutputFile[]): OutputFile[] {
  const templates = files.map(({ path }) => path).filter((path) => path.endsWith("/template.yaml"));
  return templates.length < 2 ? [] : [{ ...templatesLocation(templates.sort()), path: locationFile }];
}

function placed({ origin }: Definition, notes: Definition["notes"]): PlacedNote[] {
  return notes.map((note) => ({ ...note, file: origin.file }));
}

/** What is wrong with the given template is wrong for every definition. */
function templateFault(error: unknown, file: string): CliError {
  if (error instanceof CliError) return error;
  const why = error instanceof SourceError ? error.message : `Cannot use ${file}: ${errorText(error)}`;
  return new CliError("template-input", { why, command: "skiff template" }, { cause: error });
}
