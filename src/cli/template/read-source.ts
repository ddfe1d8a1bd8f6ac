import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { addAbortSignal } from "node:stream";
import { compareUtf8, YamlError, yamlSizeMax } from "../../apimachinery/index.ts";
import {
  type Composition,
  type Definition,
  detectSource,
  isTerraformModule,
  loadChartSource,
  readChartDefinition,
  readJsonSchemaDefinition,
  readKubernetesDefinitions,
  readOpenApiDefinitions,
  readTerraformModule,
  SourceError,
} from "../../templates/index.ts";
import { type Input, type SourceChoice, whyUnreadable } from "./find-inputs.ts";
import { installedAddress } from "./installed-modules.ts";

/** What one input holds. Nothing at all when it is of another kind than what is asked for. */
export type ReadSource = {
  definitions: Definition[];
  compositions: Composition[];
  problems: SourceError[];
  /** Why it was passed over, where there is more to say than that it is of another kind. */
  passedOver?: string;
  /** Name of the directory that a module is, as it is. */
  directory?: string;
};

export type ReadSourceOptions = { choice: SourceChoice; version?: string };

/** The largest archives of charts are a tenth of it; Helm's own limit for what is in one is larger. */
const archiveBytesMax = 64 * 2 ** 20;
/** Files that a chart may have: what is beside it in its directory is read too. */
const chartFilesMax = 20_000;

const nothing: ReadSource = { definitions: [], compositions: [], problems: [] };
/** What stands in every file with a custom resource; most files of a directory are none, and need not be parsed. */
const mentionsDefinition =
  /CustomResourceDefinition|CompositeResourceDefinition|\bComposition\b|ResourceGraphDefinition/;
const textFile = /\.(ya?ml|json)$/i;

/** Reads an input. What is wrong with it is in the result. */
export async function readSource(input: Input, options: ReadSourceOptions): Promise<ReadSource> {
  try {
    switch (input.kind) {
      case "module":
        return { ...definitionsOnly([await readModule(input)]), directory: basename(resolve(input.path)) };
      case "chart":
        return definitionsOnly([readChart(readChartFiles(input.path), input.shown)]);
      case "archive":
        return definitionsOnly([readChart(readBounded(input.path, archiveBytesMax), input.shown)]);
      case "text":
        return readText(input.text, input, options);
      case "file": {
        if (!input.isNamed && statSync(input.path).size > yamlSizeMax) return tooLarge(input);
        const bytes = readBounded(input.path, yamlSizeMax);
        return readText(bytes.toString("utf8"), input, options);
      }
    }
  } catch (error) {
    if (error instanceof SourceError) return { ...nothing, problems: [error] };
    if (!(error instanceof Error && "code" in error)) throw error;
    const problem = new SourceError(whyUnreadable(error), { file: input.shown }, { cause: error });
    return { ...nothing, problems: [problem] };
  }
}

/**
 * All of standard input, until it ends or `signal` fires.
 *
 * @throws {SourceError} when there is more than a source has
 */
export async function readStandardInput(signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of addAbortSignal(signal, process.stdin)) {
    sizeBytes += chunk.length;
    if (sizeBytes > yamlSizeMax) throw new SourceError(`is larger than ${yamlSizeMax} bytes`, { file: "stdin" });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function readText(text: string, input: Input, { choice, version }: ReadSourceOptions): ReadSource {
  const file = input.shown;
  switch (choice) {
    case "crd":
    case "kro":
      return readKubernetes(text, input, { choice, version });
    case "openapi":
    case "json-schema": {
      const found = detectSource(nameWithEnding(input), text);
      if (!input.isNamed && found !== choice) return nothing;
      if (found !== undefined && found !== choice)
        throw new SourceError(`holds a source of another kind: skiff template auto reads it as ${found}`, { file });
      return choice === "openapi"
        ? definitionsOnly(readOpenApiDefinitions(text, { file }))
        : definitionsOnly([readJsonSchemaDefinition(text, { file })]);
    }
    default:
      return readDetected(text, input, version);
  }
}

function readDetected(text: string, input: Input, version: string | undefined): ReadSource {
  const file = input.shown;
  const found = detectSource(nameWithEnding(input), text);
  switch (found) {
    case "crd":
    case "xrd":
    case "kro":
    case "composition":
      return readKubernetes(text, input, { choice: "auto", version });
    case "openapi":
      return definitionsOnly(readOpenApiDefinitions(text, { file }));
    case "json-schema":
      return definitionsOnly([readJsonSchemaDefinition(text, { file })]);
    default:
      if (!input.isNamed) return nothing;
      throw new SourceError("it is nothing that templates are made from: name the kind of source in place of auto", {
        file,
      });
  }
}

/** What comes through a pipe has no name that says what it is. */
function nameWithEnding({ shown, isNamed }: Input): string {
  return textFile.test(shown) || !isNamed ? shown : `${shown}.yaml`;
}

function readKubernetes(
  text: string,
  { shown: file, isNamed }: Input,
  { choice, version }: { choice: SourceChoice; version: string | undefined },
): ReadSource {
  if (!isNamed && !mentionsDefinition.test(text)) return textFile.test(file) ? passOver(text, file) : nothing;
  const { definitions, compositions, problems } = readKubernetesDefinitions(text, {
    file,
    ...(version !== undefined && { version }),
  });
  const wanted = definitions.filter(({ source }) => choice === "auto" || (source === "kro") === (choice === "kro"));
  return { definitions: wanted, compositions: choice === "kro" ? [] : compositions, problems };
}

/** A file that is no source need not be well-formed; somebody may wonder nevertheless why nothing came of it. */
function passOver(text: string, file: string): ReadSource {
  if (text.includes("{{")) return nothing;
  const [problem] = readKubernetesDefinitions(text, { file }).problems;
  return problem === undefined ? nothing : { ...nothing, passedOver: problem.message };
}

/** Whether the text itself cannot be read, rather than what it says. */
export function isSyntaxProblem({ cause, file }: SourceError): boolean {
  return cause instanceof YamlError || /\.(tf|tofu)(\.json)?$/.test(file);
}

async function readModule({ path, shown, fileNames }: Extract<Input, { kind: "module" }>): Promise<Definition> {
  const files = new Map<string, string>();
  for (const name of fileNames) {
    const counts = isTerraformModule([name]) || /^readme\.(md|markdown)$/i.test(name);
    if (!counts || !statSync(join(path, name)).isFile()) continue;
    files.set(name, readBounded(join(path, name), yamlSizeMax).toString("utf8"));
  }
  return await readTerraformModule({ name: basename(resolve(path)), path: shown, files, ...installedAddress(path) });
}

function readChart(content: ReadonlyMap<string, Uint8Array> | Uint8Array, file: string): Definition {
  return readChartDefinition(loadChartSource(content, { file }), { file });
}

/** Every file below the directory of a chart, as the loader of charts takes them. */
function readChartFiles(directory: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const walk = (path: string, above: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => compareUtf8(a.name, b.name))) {
      const [file, name] = [join(path, entry.name), `${above}${entry.name}`];
      if (entry.isDirectory() && entry.name !== ".git") walk(file, `${name}/`);
      if (entry.isFile()) files.set(name, readBounded(file, archiveBytesMax));
      if (files.size > chartFilesMax)
        throw new SourceError(`there are more than ${chartFilesMax} files in the chart`, { file: directory });
    }
  };
  walk(directory, "");
  return files;
}

function readBounded(file: string, bytesMax: number): Buffer {
  const { size } = statSync(file);
  if (size > bytesMax) throw new SourceError(`is larger than ${bytesMax} bytes`, { file });
  return readFileSync(file);
}

function tooLarge({ shown }: Input): ReadSource {
  if (!textFile.test(shown)) return nothing;
  return { ...nothing, passedOver: `${shown}: is larger than ${yamlSizeMax} bytes` };
}

function definitionsOnly(definitions: Definition[]): ReadSource {
  return { ...nothing, definitions };
}
