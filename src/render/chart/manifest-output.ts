import { cloneJson, type ExactValue } from "../../apimachinery/index.ts";
import { type Manifest, manifestsOf } from "../directory.ts";
import { readObjectYaml } from "../template/functions/yaml.ts";
import { trimGoSpace } from "../template/go-text.ts";
import { ChartError } from "./chart-error.ts";
import { compilePathPattern, PatternError } from "./path-match.ts";
import { splitManifests } from "./yaml-text.ts";

/** A text with the file that it comes from, and what it says where that is known. */
type Piece = { readonly file: string; readonly text: string; readonly document: Document | undefined };
type Document = { readonly line: number; readonly value: ExactValue };

/** What `helm template` prints, and the objects in it. */
export class ManifestOutput {
  readonly #pieces: Piece[] = [];
  #ended: number | undefined;

  add(file: string, text: string, document?: Document): void {
    this.#pieces.push({ file, text, document });
  }

  /** Ends the part of what is no hook: with one line break, also when nothing is in it. */
  endManifests(): void {
    this.#ended = this.#pieces.length;
  }

  /** Put together when somebody asks: megabytes that those who want the objects alone never read. */
  get text(): string {
    const texts: string[] = [];
    for (const [index, { file, text }] of this.#pieces.entries()) {
      texts.push("---\n# Source: ", file, "\n", text, "\n");
      // A piece begins with dashes, so that space can only be at the end.
      if (index + 1 === this.#ended) texts.push(trimGoSpace(texts.splice(-5).join("")), "\n");
    }
    if (this.#ended === 0) texts.unshift("\n");
    return texts.join("");
  }

  /**
   * What `--show-only` leaves of it: the documents of templates that match, in the order of the patterns.
   *
   * @param patterns as `filepath.Match` reads them, for paths in the chart
   * @throws {ChartError} in Helm's words when there is none for a pattern
   */
  only(patterns: readonly string[]): ManifestOutput {
    const shown = new ManifestOutput();
    const named = this.#pieces.flatMap((piece) => {
      // Only the first document of a file in crds/ says where it comes from.
      const [first] = piece.document === undefined ? splitManifests(piece.text) : [piece];
      const path = piece.file.slice(piece.file.indexOf("/") + 1);
      return first === undefined ? [] : [{ ...piece, text: first.text, path }];
    });
    for (const pattern of patterns) {
      const matches = compile(pattern);
      const found = named.filter(({ path }) => matches(path));
      if (found.length === 0) throw new ChartError(`could not find template ${pattern} in chart`);
      for (const { file, text, document } of found) shown.add(file, text, document);
    }
    return shown;
  }

  /** @throws {RenderError} for a document that is no object */
  manifests(): Manifest[] {
    return this.#pieces.flatMap(({ file, text, document }) => {
      if (document !== undefined) return documentManifests(file, document);
      return splitManifests(text).flatMap((part) => {
        const line = text.slice(0, part.at).split("\n").length;
        return documentManifests(file, { line, value: readObjectYaml(`${part.text}\n`) });
      });
    });
  }
}

function documentManifests(file: string, { line, value }: Document): Manifest[] {
  return value === null || value === undefined ? [] : manifestsOf(cloneJson(value), { file, line });
}

/** A malformed pattern matches nothing. */
function compile(pattern: string): (path: string) => boolean {
  try {
    return compilePathPattern(pattern);
  } catch (error) {
    if (error instanceof PatternError) return () => false;
    throw error;
  }
}
