import { KustomizeError } from "./kustomize-error.ts";
import { fieldOf, isEmpty, isList, isMap, isNull, type Node, textOf } from "./node.ts";
import type { OpenApi } from "./openapi.ts";
import { type ReadDocument, readDocuments } from "./read-nodes.ts";
import { Resource } from "./resource.ts";

/** @property file how results call the file that the text is from */
export type ReadOptions = { readonly file: string; readonly openApi: OpenApi };

/**
 * Reads the resources of a text; lists are taken apart, empty documents left out.
 *
 * @throws {KustomizeError}
 */
export function readResources(text: string, { file, openApi }: ReadOptions): Resource[] {
  const documents = unwrap(readDocuments(text));
  const queue = documents.filter(({ node }) => isResource(node));
  const resources: Resource[] = [];
  // The items of a list come after all that follows the list.
  for (let document = queue.shift(); document !== undefined; document = queue.shift()) {
    const { node, line, flaw } = document;
    const items = fieldOf(node, "items");
    if (textOf(fieldOf(node, "kind")).endsWith("List") && items !== undefined) {
      queue.push(...itemsOf(node, items, document));
    } else if (isMap(node)) {
      resources.push(new Resource(node, { file, line }, openApi, flaw));
    }
  }
  return resources;
}

/** A text that is one `List` is the items of it. */
function unwrap(documents: ReadDocument[]): ReadDocument[] {
  const [first, ...more] = documents;
  if (first === undefined || more.length > 0) return documents;
  const kind = textOf(fieldOf(first.node, "kind"));
  const items = fieldOf(first.node, "items");
  if ((kind !== "List" && kind !== "ResourceList") || items === undefined) return documents;
  return isList(items) ? items.map((node) => ({ ...first, node })) : [];
}

function itemsOf(list: Node, items: Node, document: ReadDocument): ReadDocument[] {
  if (isNull(items)) return [];
  if (!isList(items)) {
    const kind = textOf(fieldOf(list, "kind"));
    throw new KustomizeError(
      `expected array in ${kind}/items, but found ${isMap(items) ? "map[string]interface {}" : "string"}`,
    );
  }
  return items.filter(isResource).map((node) => ({ ...document, node }));
}

/** @throws {KustomizeError} for something that is not a resource, and not nothing either */
function isResource(node: Node): boolean {
  if (isEmpty(node)) return false;
  const text = (...path: string[]): string => {
    let here: Node | undefined = node;
    for (const step of path) here = fieldOf(here, step);
    return textOf(here);
  };
  const [apiVersion, kind] = [text("apiVersion"), text("kind")];
  const [name, namespace] = [text("metadata", "name"), text("metadata", "namespace")];
  const metadata = fieldOf(node, "metadata");
  const hasTexts = ["labels", "annotations"].some((field) => !isEmpty(fieldOf(metadata, field)));
  if (apiVersion === "" && kind === "" && name === "" && namespace === "" && !hasTexts) {
    throw new KustomizeError("missing Resource metadata");
  }
  const show = (field: string): string => {
    const map = fieldOf(metadata, field);
    if (!isMap(map)) return "map[]";
    const entries = [...map].map(([key, value]) => `${key}:${textOf(value)}`);
    return `map[${entries.sort().join(" ")}]`;
  };
  const meta = `{{${apiVersion} ${kind}} {{${name} ${namespace}} ${show("labels")} ${show("annotations")}}}`;
  if (kind === "") throw new KustomizeError(`missing kind in object ${meta}`);
  if (name === "" && !kind.endsWith("List")) throw new KustomizeError(`missing metadata.name in object ${meta}`);
  return true;
}
