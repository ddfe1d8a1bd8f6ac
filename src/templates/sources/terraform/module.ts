import type { JsonObject } from "../../../apimachinery/index.ts";
import type { Definition, ModuleOutput, Note } from "../../definition.ts";
import { isRegistryAddress, localAddress } from "./address.ts";
import { type Block, type Configuration, readConfiguration } from "./configuration.ts";
import { firstParagraph } from "./readme.ts";
import { isTrue, readVariable, textOf } from "./variable.ts";

/** A folder with the configuration of a module. */
export type ModuleSource = {
  /** What people call it: the name of its folder, or of its registry entry. */
  name: string;
  /** The folder as the user named it, which messages put before the names of files. */
  path: string;
  /** Every file of the folder that may count, by name: configuration and README. */
  files: ReadonlyMap<string, string>;
  /** What to write as `source` of a call: an address of a registry, of Git, or a local path (the default: that of `path`). */
  address?: string;
  /** The version that was read, for addresses of a registry; others carry it themselves. */
  version?: string;
};

/**
 * Reads a Terraform or OpenTofu module: a form asks for its variables, in the order of files and lines, and its result shows its
 * outputs.
 *
 * @throws {SourceError} for files that are no HCL or JSON, with HashiCorp's words, and for what is declared twice
 */
export async function readTerraformModule({ name, path, files, address, version }: ModuleSource): Promise<Definition> {
  const configuration = await readConfiguration(path, files);
  const variables = configuration.variables.map(readVariable);
  const required = variables.filter((variable) => variable.required).map((variable) => variable.name);
  const schema: JsonObject = {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    properties: Object.fromEntries(variables.map((variable) => [variable.name, variable.schema])),
    ...(required.length > 0 && { required }),
  };
  const description = descriptionIn(files);
  const source = address ?? localAddress(path);
  return {
    name: stemOf(name),
    title: name,
    ...(description !== undefined && { description }),
    source: "terraform",
    origin: { file: path },
    subject: {
      kind: "module",
      address: source,
      ...(version !== undefined && isRegistryAddress(source) && { version }),
      outputs: configuration.outputs.map(readOutput),
      sensitive: variables.filter((variable) => variable.sensitive).map((variable) => variable.name),
    },
    dialect: "json-schema",
    schema,
    prominent: [],
    notes: [...requirements(configuration), ...variables.flatMap(({ notes }) => notes)],
  };
}

/** As definitions are named; folders are often named with `_`. */
function stemOf(name: string): string {
  const stem = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "");
  return stem === "" ? "module" : stem;
}

function descriptionIn(files: ReadonlyMap<string, string>): string | undefined {
  for (const [name, text] of files) if (/^readme\.(md|markdown)$/i.test(name)) return firstParagraph(text);
  return undefined;
}

function readOutput({ name, body }: Block): ModuleOutput {
  const description = textOf(body["description"]);
  return { name, ...(description !== "" && { description }), sensitive: isTrue(body["sensitive"]) };
}

/** What a caller has to have, which no answer of a form can give. */
function requirements({ requiredVersions, providers }: Configuration): Note[] {
  const named = [...providers].map(([local, { source, version }]) =>
    version === undefined ? (source ?? local) : `${source ?? local} ${version}`,
  );
  const needs = [
    ...(requiredVersions.length > 0 ? [`Terraform or OpenTofu ${requiredVersions.join(", ")}`] : []),
    ...(named.length > 0 ? [`the providers ${named.join(", ")}`] : []),
  ];
  return needs.length > 0 ? [{ at: "", message: `It needs ${needs.join(", and ")}` }] : [];
}
