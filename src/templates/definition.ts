import type { JsonObject } from "../apimachinery/index.ts";

/** Which kind of source a definition was read from; also the name of the subcommand that reads only those. */
export type SourceKind = "crd" | "xrd" | "kro" | "terraform" | "helm" | "openapi" | "json-schema";

/**
 * The dialect a schema is written in, which says what its keywords mean: `kubernetes` is a structural schema of a custom resource
 * (OpenAPI 3.0 with `x-kubernetes-*`), `openapi-3.0` knows `nullable` and boolean `exclusiveMaximum`, `json-schema` is draft 4 to
 * 2020-12, told apart by `$schema` and by the keywords used.
 */
export type SchemaDialect = "kubernetes" | "openapi-3.0" | "json-schema";

/** What the answers of a form become. */
export type Subject =
  /** An object of this kind; the schema of the definition is that of the whole object. */
  | { kind: "resource"; apiVersion: string; resourceKind: string; plural: string; namespaced: boolean }
  /** A call of this module; the schema of the definition is that of its variables. */
  | { kind: "module"; address: string; version?: string; outputs: ModuleOutput[]; sensitive: string[] }
  /** Values of a release of this chart; `repository` is absent for a chart that is known as a folder or archive only. */
  | { kind: "chart"; chart: string; version: string; repository?: string }
  /** A document that the schema describes, and nothing more is known of it. */
  | { kind: "document" };

export type ModuleOutput = { name: string; description?: string; sensitive: boolean };

/** Something of a source that has no place in a form, or another one than its author may expect. */
export type Note = {
  /** Where in the source: a path such as `spec.template.spec.containers[*].env`, or a variable's name; empty for the whole. */
  at: string;
  /** What was found and what was done instead, as a sentence without a full stop. */
  message: string;
};

/** What becomes of a field, as far as compositions and templates say it. */
export type FieldUse = {
  /** From the root of the schema through properties only, as in `prominent`: a field of a list's items counts as the list. */
  path: string[];
  /** Names of the compositions that read the field; those of resources of a graph that has no compositions. */
  readers: string[];
  /** What it sets, such as `spec.forProvider.region of Bucket`, each once, in the order of the sources. */
  drives: string[];
  /** Whether something is not made before the field has a value. */
  required: boolean;
};

/** The definition of a custom resource as it was written, for targets that repeat it. */
export type WrittenDefinition = {
  /** The CustomResourceDefinition, CompositeResourceDefinition or ResourceGraphDefinition. */
  object: JsonObject;
  /** Its `spec.scope`; absent where none is written, as in Crossplane's v1. */
  scope?: string;
  /** Name and schema of the first version, served or not, which is the one that cnoe-cli takes; of the one asked for, if any. */
  version: string;
  schema: JsonObject;
};

/** One thing a form can be made for: a version of a custom resource, a module, a chart, a schema. */
export type Definition = {
  /** Stem of the files made from it, `a-z0-9.-` only: `<group>.<kind>`, or the base name of the module, chart or file. */
  name: string;
  /** For people: a kind, or the name of the module or chart. */
  title: string;
  description?: string;
  source: SourceKind;
  /** The file or folder it was read from, as the caller named it, and the line for one document of several. */
  origin: { file: string; line?: number };
  subject: Subject;
  dialect: SchemaDialect;
  /** As the source says it, with references resolved by `form` where they are local (`#/...`). */
  schema: JsonObject;
  /** Fields to show first, most used first, as paths from the root of the schema: what compositions patch from, for example. */
  prominent: string[][];
  /** What fields drive, in the order of `prominent`; absent where nothing is known of it. */
  usedBy?: FieldUse[];
  /** Only of custom resources. */
  written?: WrittenDefinition;
  notes: Note[];
};

/** A file of a source that says something wrong: its message begins with file, line and column, as far as they are known. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;

  /** @param why a sentence without a full stop that says what is wrong and, where it helps, how to mend it */
  constructor(why: string, place: { file: string; line?: number; column?: number }, options?: ErrorOptions) {
    const position = [place.file, place.line, place.column].filter((part) => part !== undefined).join(":");
    super(`${position}: ${why}`, options);
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
  }
}

/** A file that a target makes, with its path relative to the output directory, `/` between its parts. */
export type OutputFile = { path: string; content: string };
