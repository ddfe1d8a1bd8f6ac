import type { ExactValue, JsonValue } from "../../apimachinery/index.ts";
import { readObjectYaml, readYaml } from "../template/functions/yaml.ts";
import { GoError } from "../template/go-error.ts";
import { type Decoded, mapShape, type Shape, stringShape, structShape } from "./struct.ts";
import { decodeYaml } from "./yaml-text.ts";

/** A document, and what Helm looks at in it; absent texts are empty. */
export type ReadDocument = {
  readonly value: ExactValue;
  readonly kind: string;
  readonly name: string;
  readonly annotations: ReadonlyMap<string, string>;
};

const metadataType = 'struct { Name string "json:\\"name\\""; Annotations map[string]string "json:\\"annotations\\"" }';
const headShape: Shape = structShape("util.SimpleHead", {
  apiVersion: stringShape,
  kind: stringShape,
  metadata: structShape(metadataType, { name: stringShape, annotations: mapShape(stringShape) }),
});

/**
 * Reads a document of a manifest.
 *
 * @param text without the line break behind it, as Helm looks at it
 * @throws {GoError} in the words of sigs.k8s.io/yaml
 */
export function readDocument(text: string): ReadDocument {
  const value = readEnded(text);
  const head = decodeYaml(value, headShape);
  const metadata = fieldsOf(head?.["metadata"]);
  const annotations = Object.entries(fieldsOf(metadata["annotations"]));
  return {
    // Read once more only where an integer may be too long for a number.
    value: longInteger.test(text) ? readObjectYaml(`${text}\n`) : value,
    kind: textOf(head?.["kind"]),
    name: textOf(metadata["name"]),
    annotations: new Map(annotations.map(([key, annotation]) => [key, textOf(annotation)])),
  };
}

const longInteger = /\d[\d_]{15}|0[xob][\da-f_]{14}/i;

/** As it is applied: printed with a line break behind it, which belongs to a block scalar that it ends with. */
function readEnded(text: string): JsonValue {
  try {
    return readYaml(`${text}\n`);
  } catch (error) {
    // Another end may move the line of an error.
    if (error instanceof GoError) return readYaml(text);
    throw error;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function fieldsOf(value: unknown): Decoded {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
