import { compileGlob } from "../glob.ts";
import { baseName } from "./functions/paths.ts";
import { marshalYaml } from "./functions/yaml.ts";
import { fromBytes } from "./go-text.ts";
import { bytesType, type GoType, stringMapType, stringsType } from "./go-types.ts";
import { fn, type GoFunction, object, string } from "./signature.ts";
import { GoBytes, type GoMap, GoObject, newMap, typedList, typedMap, type Value } from "./values.ts";

const filesType: GoType = { name: "engine.files", kind: "map", element: bytesType };

/** `.Files`: the files of a chart that are no templates, by their path in it. */
export class ChartFiles extends GoObject {
  readonly type = filesType;
  readonly #files: ReadonlyMap<string, Uint8Array>;
  #entries: GoMap | undefined;

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    super();
    this.#files = files;
  }

  override entries(): GoMap {
    if (this.#entries === undefined) {
      this.#entries = newMap();
      for (const [name, bytes] of this.#files) this.#entries[name] = new GoBytes(bytes);
    }
    return this.#entries;
  }

  override method(name: string): GoFunction | undefined {
    return Object.hasOwn(methods, name) ? methods[name] : undefined;
  }

  read(name: string): Uint8Array {
    return this.#files.get(name) ?? new Uint8Array();
  }

  glob(pattern: string): ChartFiles {
    const matches = compileGlob(pattern, "/");
    return new ChartFiles(new Map([...this.#files].filter(([name]) => matches(name))));
  }

  /** The files as the data of a ConfigMap or a Secret. */
  asYaml(encode: (bytes: Uint8Array) => string): string {
    const entries = [...this.#files].map(([name, bytes]): [string, Value] => [baseName(name), encode(bytes)]);
    return marshalYaml(typedMap(stringMapType, entries));
  }
}

const files = object(filesType, (value) => value instanceof ChartFiles);

const methods: Readonly<Record<string, GoFunction>> = {
  Get: fn([files, string], (self, name) => fromBytes(self.read(name))),
  GetBytes: fn([files, string], (self, name) => new GoBytes(self.read(name))),
  Glob: fn([files, string], (self, pattern) => self.glob(pattern)),
  Lines: fn([files, string], (self, name) => {
    const bytes = self.read(name);
    if (bytes.length === 0) return typedList(stringsType, []);
    return typedList(stringsType, fromBytes(bytes).replace(/\n$/, "").split("\n"));
  }),
  AsConfig: fn([files], (self) => self.asYaml(fromBytes)),
  AsSecrets: fn([files], (self) => self.asYaml((bytes) => Buffer.from(bytes).toString("base64"))),
};
