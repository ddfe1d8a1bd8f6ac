import { compileTemplates, type TemplateBundle } from "../template/compile-templates.ts";
import { fromBytes } from "../template/go-text.ts";
import type { GoMap } from "../template/values.ts";
import type { NodeDependency } from "./chart-node.ts";
import type { ReadDocument } from "./read-document.ts";
import type { SchemaNode } from "./schema/compile-schema.ts";
import type { BoundTemplate } from "./template-data.ts";
import { readValues } from "./yaml-text.ts";

/** How many sets of templates of one chart, which differ by what is enabled, and how many texts of values are remembered. */
const bundlesMax = 8;
const textsMax = 16;

/**
 * The values that charts have once they have imported what they want, and what they import, in the order of their tree.
 * Nobody may change them.
 */
export type Imports = {
  readonly charts: readonly {
    readonly values: GoMap | undefined;
    readonly dependencies: NodeDependency[] | undefined;
  }[];
  readonly warnings: readonly string[];
};

/** How many characters of rendered documents are remembered with what they say: the largest public charts render 2 MB. */
const documentSizeMax = 8 * 2 ** 20;

/** What renders of one chart need not find out again. */
export class ChartMemory {
  readonly #bundles = new Map<string, TemplateBundle>();
  readonly #imports = new Map<string, Imports>();
  readonly #texts = new Map<string, GoMap>();
  readonly #schemas = new WeakMap<Uint8Array, SchemaNode>();
  readonly #documents = new Map<string, ReadDocument>();
  #documentSize = 0;

  /** The templates, compiled. They are the same whenever their names are. */
  bundleOf(templates: ReadonlyMap<string, BoundTemplate>): TemplateBundle {
    const key = [...templates.keys()].join("\n");
    return remembered(this.#bundles, key, bundlesMax, () => {
      return compileTemplates([...templates].map(([name, { bytes }]) => ({ name, text: fromBytes(bytes) })));
    });
  }

  /** What charts import from each other, for a tree of charts by the paths of all of them. */
  importsOf(paths: readonly string[], make: () => Imports): Imports {
    return remembered(this.#imports, paths.join("\n"), bundlesMax, make);
  }

  /** What a rendered document says: most are the same from one render to the next. Nobody may change it. */
  documentOf(text: string, read: (text: string) => ReadDocument): ReadDocument {
    const known = this.#documents.get(text);
    if (known !== undefined) {
      // It is the one used last now.
      this.#documents.delete(text);
      this.#documents.set(text, known);
      return known;
    }
    const made = read(text);
    this.#documents.set(text, made);
    this.#documentSize += text.length;
    for (const oldest of this.#documents.keys()) {
      if (this.#documentSize <= documentSizeMax) break;
      this.#documents.delete(oldest);
      this.#documentSize -= oldest.length;
    }
    return made;
  }

  /** A schema, compiled; a schema that cannot be is tried again. */
  schemaOf(bytes: Uint8Array, compile: () => SchemaNode): SchemaNode {
    const known = this.#schemas.get(bytes) ?? compile();
    this.#schemas.set(bytes, known);
    return known;
  }

  /** The values of a text. Nobody may change them. */
  valuesOf(text: string): GoMap {
    return remembered(this.#texts, text, textsMax, () => readValues(text));
  }
}

function remembered<T>(memory: Map<string, T>, key: string, countMax: number, make: () => T): T {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const made = make();
  const [oldest] = memory.keys();
  if (memory.size >= countMax && oldest !== undefined) memory.delete(oldest);
  memory.set(key, made);
  return made;
}
