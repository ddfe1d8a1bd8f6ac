import { formatGoExponent } from "../../apimachinery/index.ts";
import { lookup, splitFieldPath } from "./field-path.ts";
import { type FieldSpec, visitField } from "./field-spec.ts";
import type { Var } from "./kustomization.ts";
import { KustomizeError } from "./kustomize-error.ts";
import { isList, isMap, isMissingOrNull, isText, type Node, Scalar } from "./node.ts";
import type { Resource } from "./resource.ts";
import { formatGvk, parseApiVersion, type ResourceId, sameGvkAndName, sameId } from "./resource-id.ts";
import type { Resources } from "./resources.ts";

/** A variable by its name, and the field that has its value. */
export type Variable = { readonly name: string; readonly target: ResourceId; readonly fieldPath: string };

export function completeVar({ name = "", objref = {}, fieldref }: Var, isClusterScoped: boolean): Variable {
  const { apiVersion = "", kind = "" } = objref;
  const { group, version } =
    apiVersion === "" ? { group: objref.group ?? "", version: objref.version ?? "" } : parseApiVersion(apiVersion);
  const target = { group, version, kind, name: objref.name ?? "", namespace: objref.namespace ?? "", isClusterScoped };
  return { name, target, fieldPath: fieldref?.fieldPath || "metadata.name" };
}

/** A variable the way Go prints it. */
function format({ name, target, fieldPath }: Variable): string {
  return `{${name} ${formatGvk(target)} {${fieldPath}}}`;
}

/** Variables as they are written, the way Go prints them. */
export function formatVars(variables: readonly Var[]): string {
  const texts = variables.map(({ name = "", objref = {}, fieldref = {} }) => {
    const { group = "", version = "", kind = "" } = objref;
    return `{${name} ${formatGvk({ group, version, kind })} {${fieldref.fieldPath ?? ""}}}`;
  });
  return `[${texts.join(" ")}]`;
}

/** Marks the resources that variables are read from. @throws {KustomizeError} when a variable means several */
export function markVariables(resources: Resources, variables: readonly Variable[]): void {
  for (const variable of variables) {
    const { target } = variable;
    const isExact = target.namespace !== "" || target.isClusterScoped;
    const matches = resources.matchingAnyId((id) => (isExact ? sameId(target, id) : sameGvkAndName(target, id)));
    if (matches.length > 1) {
      const count = `found ${matches.length} resId matches for var ${format(variable)}`;
      throw new KustomizeError(`${count} (unable to disambiguate)`);
    }
    for (const resource of matches) resource.variables = [...resource.variables, variable.name];
  }
}

/** Puts the values of variables in the place of `$(NAME)`. @returns a warning when some are used nowhere */
export function resolveVariables(
  resources: Resources,
  variables: readonly Variable[],
  specs: readonly FieldSpec[],
): string | undefined {
  if (variables.length === 0) return undefined;
  const sorted = [...variables].sort((a, b) => (a.name < b.name ? -1 : 1));
  const values = new Map(sorted.map((variable) => [variable.name, readValue(variable, resources.all)]));
  const used = new Set<string>();
  const replace = (node: Scalar): void => {
    const value = expand(node.text, (name) => {
      const found = values.get(name);
      if (found === undefined) return undefined;
      used.add(name);
      return found;
    });
    node.text = value.text;
    node.tag = value.tag;
    node.quoted = false;
  };
  for (const { node } of resources.all) {
    if (node === undefined) continue;
    for (const spec of specs) visitField(node, spec, (field) => replaceIn(field, replace));
  }
  const unused = sorted.filter(({ name }) => !used.has(name)).map(({ name }) => name);
  return unused.length === 0 ? undefined : `well-defined vars that were never replaced: ${unused.join(",")}`;
}

function replaceIn(node: Node, replace: (node: Scalar) => void): void {
  if (isMissingOrNull(node)) return;
  if (node instanceof Scalar) {
    if (isText(node)) replace(node);
  } else if (isMap(node)) {
    for (const value of node.values()) if (isText(value)) replace(value);
  } else if (isList(node)) {
    for (const item of node) {
      if (!isText(item)) throw new KustomizeError("invalid value type expect a string");
      replace(item);
    }
  }
}

/** `undefined` when the field has no value that fits into text. */
function readValue(variable: Variable, resources: readonly Resource[]): Scalar | undefined {
  const resource = resources.find(({ variables }) => variables.includes(variable.name));
  if (resource === undefined) {
    throw new KustomizeError(`var '${format(variable)}' cannot be mapped to a field in the set of known resources`);
  }
  // `ports[0]` is another way to write `ports.0`.
  const path = splitFieldPath(variable.fieldPath).flatMap((step) => {
    const index = /^(.+)\[(\d+)\]$/.exec(step);
    return index === null ? [step] : [index[1] ?? "", index[2] ?? ""];
  });
  let node: Node | undefined;
  try {
    node = resource.node === undefined ? undefined : lookup(resource.node, path);
  } catch (error) {
    if (!(error instanceof KustomizeError)) throw error;
  }
  if (node === undefined) {
    throw new KustomizeError(`field specified in var '${format(variable)}' not found in corresponding resource`);
  }
  if (!(node instanceof Scalar)) return undefined;
  if (node.tag === "float") return new Scalar(formatPlainFloat(node.text), "float");
  if (node.tag === "int" || node.tag === "bool") return new Scalar(node.text, node.tag);
  return new Scalar(node.text, "str");
}

function formatPlainFloat(text: string): string {
  const value = Number(text.replaceAll("_", ""));
  return Number.isFinite(value) && Math.abs(value) < 1e21 ? String(value) : formatGoExponent(value);
}

/**
 * Replaces `$(NAME)`; `$$` is a dollar sign. Text that is nothing but a variable becomes its value, whatever its type.
 *
 * @param find `undefined` for names that nobody knows, which stay as they are
 */
function expand(text: string, find: (name: string) => Scalar | undefined): Scalar {
  let result = "";
  let checkpoint = 0;
  for (let cursor = 0; cursor < text.length; cursor++) {
    if (text[cursor] !== "$" || cursor + 1 >= text.length) continue;
    result += text.slice(checkpoint, cursor);
    const next = text[cursor + 1];
    const close = next === "(" ? text.indexOf(")", cursor + 2) : -1;
    if (close >= 0) {
      const name = text.slice(cursor + 2, close);
      const value = find(name);
      if (text === `$(${name})`) return value === undefined ? new Scalar(text, "str") : value;
      result += value === undefined ? `$(${name})` : value.text;
      cursor = close;
    } else {
      result += next === "$" ? "$" : `$${next ?? ""}`;
      cursor++;
    }
    checkpoint = cursor + 1;
  }
  return new Scalar(result + text.slice(checkpoint), "str");
}
