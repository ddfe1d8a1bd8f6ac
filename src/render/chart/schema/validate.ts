import { deepEqual } from "../../../apimachinery/index.ts";
import { formatValue } from "../../template/go-format.ts";
import { GoInt, type GoMap, hasKey, isMap, type Value } from "../../template/values.ts";
import type { SchemaNode } from "./compile-schema.ts";
import type { Fault } from "./schema-error.ts";
import { escapePointer } from "./schema-error.ts";
import { localNumber, quoted, quotedList, shown } from "./words.ts";

/** How deep schemas may lead into each other and into values: the stack ends at twice as many, no chart needs a tenth. */
const depthMax = 800;

/** Says what of a value does not fit a schema; nothing when it does. */
export function validate(schema: SchemaNode, value: Value): readonly Fault[] {
  const result = new Validation(schema, value, [], { schema, via: "", value: {}, parent: undefined, depth: 0 }).run();
  return result.kind === "group" ? result.causes : result === fits ? [] : [result];
}

const fits: Fault = { at: [], message: "", causes: [] };

/** The schemas that led here, from the one that is applied now. `value` is the same for all that look at the same value. */
type Scope = {
  readonly schema: SchemaNode;
  readonly via: string;
  readonly value: object;
  readonly parent: Scope | undefined;
  readonly depth: number;
};

/** What of an object or list no keyword has looked at yet; absent where nobody asks. */
type Unevaluated = { properties?: Set<string>; items?: Set<number> };

class Validation {
  readonly #schema: SchemaNode;
  readonly #value: Value;
  readonly #at: readonly string[];
  readonly #scope: Scope;
  readonly #faults: Fault[] = [];
  readonly unevaluated: Unevaluated;

  constructor(schema: SchemaNode, value: Value, at: readonly string[], scope: Scope, isAsked = false) {
    this.#schema = schema;
    this.#value = value;
    this.#at = at;
    this.#scope = scope;
    this.unevaluated = unevaluatedIn(value, schema, isAsked);
  }

  /** @returns `fits`, the one fault there is, or a group of several */
  run(): Fault {
    const schema = this.#schema;
    if (schema.always === true) return fits;
    if (schema.always === false) return this.#fault("false schema");
    const cycle = this.#cycle();
    if (cycle !== undefined) return cycle;
    const basic = this.#checkBasics();
    if (basic !== undefined) return basic;
    if (schema.ref !== undefined) {
      const fault = this.#follow(schema.ref, "$ref");
      if (schema.version < 2019) return fault;
      this.#note(fault);
    }
    const value = this.#value;
    if (isMap(value)) this.#checkObject(value);
    else if (Array.isArray(value)) this.#checkList(value);
    else if (typeof value === "string") this.#checkText(value);
    else if (typeof value === "number" || value instanceof GoInt) this.#checkNumber(value);
    if (schema.version >= 2019) this.#followDynamic();
    this.#checkCombinations();
    if (schema.version >= 2019) this.#checkUnevaluated();
    const [first, ...more] = this.#faults;
    if (first === undefined) return fits;
    return more.length === 0 ? first : { ...this.#fault("validation failed", this.#faults), kind: "group" };
  }

  #fault(message: string, causes: readonly Fault[] = []): Fault {
    return { at: this.#at, message, causes };
  }

  #add(message: string, causes: readonly Fault[] = []): void {
    this.#faults.push(this.#fault(message, causes));
  }

  #note(fault: Fault): void {
    if (fault !== fits) this.#faults.push(fault);
  }

  /** Type, `const`, `enum` and `format`: what does not fit them is not looked at any further. */
  #checkBasics(): Fault | undefined {
    const { types, const: constant, enum: values, format } = this.#schema;
    const value = this.#value;
    const type = typeOf(value);
    if (types !== undefined && !types.includes(type)) {
      const isInteger = type === "number" && types.includes("integer") && isWhole(value);
      if (!isInteger) return this.#fault(`got ${type}, want ${types.join(" or ")}`);
    }
    if (constant !== undefined && !isEqual(value, constant.value)) {
      const isShort = typeof constant.value !== "object" || constant.value === null;
      return this.#fault(isShort ? `value must be ${shown(constant.value)}` : "'const' failed");
    }
    if (values !== undefined && !values.some((one) => isEqual(value, one))) return this.#fault(enumMessage(values));
    const problem = format?.check(value);
    if (problem !== undefined) return this.#fault(`${shown(value)} is not valid ${format?.name}: ${problem}`);
    return undefined;
  }

  /** A schema that comes back to itself without having gone on to another value never ends. */
  #cycle(): Fault | undefined {
    const { value, depth } = this.#scope;
    if (depth > depthMax) return this.#fault(`schemas nest deeper than ${depthMax}`);
    for (let scope = this.#scope.parent; scope !== undefined && scope.value === value; scope = scope.parent) {
      if (scope.schema !== this.#schema) continue;
      const { url, pointer } = this.#schema.location;
      const both = `${keywordPath(this.#scope)} and ${keywordPath(scope)}`;
      return this.#fault(`both ${both} resolve to ${JSON.stringify(`${url}#${pointer}`)} causing reference cycle`);
    }
    return undefined;
  }

  /** Applies another schema to the same value. What it has evaluated, this one has too if it fits. */
  #apply(schema: SchemaNode, via = ""): Fault {
    const { value, depth } = this.#scope;
    const scope = { schema, via, value, parent: this.#scope, depth: depth + 1 };
    const isAsked = !isEmpty(this.unevaluated);
    const inner = new Validation(schema, this.#value, this.#at, scope, isAsked);
    const fault = inner.run();
    if (fault === fits) intersect(this.unevaluated, inner.unevaluated);
    return fault;
  }

  #applyTo(schema: SchemaNode, value: Value, key: string): Fault {
    const scope = { schema, via: "", value: {}, parent: this.#scope, depth: this.#scope.depth + 1 };
    return new Validation(schema, value, [...this.#at, key], scope).run();
  }

  #follow(schema: SchemaNode, keyword: string): Fault {
    const fault = this.#apply(schema, keyword);
    if (fault === fits) return fits;
    const causes = fault.kind === "group" ? fault.causes : [fault];
    return { ...this.#fault("validation failed", causes), kind: "reference" };
  }

  #followDynamic(): void {
    const { recursiveRef, dynamicRef } = this.#schema;
    if (recursiveRef !== undefined) {
      const outermost =
        recursiveRef.recursiveAnchor === true ? this.#outermost((node) => recursiveIn(node)) : undefined;
      this.#note(this.#follow(outermost ?? recursiveRef, "$recursiveRef"));
    }
    if (dynamicRef !== undefined) {
      const { node, anchor } = dynamicRef;
      const isDynamic = anchor !== "" && node.dynamicAnchor === anchor;
      const outermost = isDynamic ? this.#outermost((one) => one.resource?.dynamicAnchors?.get(anchor)) : undefined;
      this.#note(this.#follow(outermost ?? node, "$dynamicRef"));
    }
  }

  #outermost(find: (node: SchemaNode) => SchemaNode | undefined): SchemaNode | undefined {
    let found: SchemaNode | undefined;
    for (let scope: Scope | undefined = this.#scope; scope !== undefined; scope = scope.parent) {
      found = find(scope.schema) ?? found;
    }
    return found;
  }

  #checkObject(object: GoMap): void {
    const schema = this.#schema;
    const keys = Object.keys(object);
    if (schema.minProperties !== undefined && keys.length < schema.minProperties) {
      this.#add(`minProperties: got ${count(keys.length)}, want ${count(schema.minProperties)}`);
    }
    if (schema.maxProperties !== undefined && keys.length > schema.maxProperties) {
      this.#add(`maxProperties: got ${count(keys.length)}, want ${count(schema.maxProperties)}`);
    }
    const missing = (names: readonly string[]) => names.filter((name) => !hasKey(object, name));
    const absent = missing(schema.required ?? []);
    if (absent.length > 0) this.#add(`missing propert${absent.length === 1 ? "y" : "ies"} ${quotedList(absent)}`);
    const depend = (name: string, names: readonly string[]) => {
      const lacking = missing(names);
      if (lacking.length > 0) this.#add(`properties ${quotedList(lacking)} required, if ${quoted(name)} exists`);
    };
    for (const [name, needs] of schema.dependencies ?? []) {
      if (!hasKey(object, name)) continue;
      if (isNames(needs)) depend(name, needs);
      else this.#note(this.#apply(needs));
    }
    this.#checkProperties(object, keys);
    if (schema.propertyNames !== undefined) for (const key of keys) this.#checkName(schema.propertyNames, key);
    for (const [name, node] of schema.dependentSchemas ?? []) {
      if (hasKey(object, name)) this.#note(this.#apply(node));
    }
    for (const [name, names] of schema.dependentRequired ?? []) if (hasKey(object, name)) depend(name, names);
  }

  #checkProperties(object: GoMap, keys: readonly string[]): void {
    const { properties, patternProperties = [], additionalProperties } = this.#schema;
    const refused: string[] = [];
    for (const key of keys) {
      const value = object[key] ?? null;
      const own = properties?.get(key);
      const nodes = own === undefined ? [] : [own];
      for (const { regex, node } of patternProperties) if (regex.test(key)) nodes.push(node);
      if (nodes.length === 0 && additionalProperties === false) refused.push(key);
      if (nodes.length === 0 && typeof additionalProperties === "object") nodes.push(additionalProperties);
      for (const node of nodes) this.#note(this.#applyTo(node, value, key));
      if (nodes.length > 0 || additionalProperties !== undefined) this.unevaluated.properties?.delete(key);
    }
    if (refused.length > 0) this.#add(`additional properties ${quotedList(refused)} not allowed`);
  }

  /** A name is a value of its own, which stands nowhere. */
  #checkName(schema: SchemaNode, name: string): void {
    const faults = validate(schema, name);
    if (faults.length > 0)
      this.#faults.push({ at: [], message: `invalid propertyName ${quoted(name)}`, causes: faults });
  }

  #checkList(list: readonly Value[]): void {
    const schema = this.#schema;
    if (schema.minItems !== undefined && list.length < schema.minItems) {
      this.#add(`minItems: got ${count(list.length)}, want ${count(schema.minItems)}`);
    }
    if (schema.maxItems !== undefined && list.length > schema.maxItems) {
      this.#add(`maxItems: got ${count(list.length)}, want ${count(schema.maxItems)}`);
    }
    if (schema.uniqueItems === true) {
      const pair = duplicatesIn(list);
      if (pair !== undefined) this.#add(`items at ${count(pair[0])} and ${count(pair[1])} are equal`);
    }
    const { prefixItems = [], items, additionalItems } = schema;
    const first = Math.min(prefixItems.length, list.length);
    const rest = items ?? (typeof additionalItems === "object" ? additionalItems : undefined);
    for (const [index, item] of list.entries()) {
      const own = prefixItems[index];
      // Those behind the first ones are counted from there, as in the library that Helm has.
      if (own !== undefined) this.#note(this.#applyTo(own, item, String(index)));
      else if (rest !== undefined) this.#note(this.#applyTo(rest, item, String(index - first)));
    }
    if (additionalItems === false && first !== list.length) {
      this.#add(`last ${count(list.length - first)} additionalItem(s) not allowed`);
    }
    if (schema.contains !== undefined) this.#checkContains(schema.contains, list);
  }

  #checkContains(schema: SchemaNode, list: readonly Value[]): void {
    const { minContains, maxContains, version } = this.#schema;
    const faults: Fault[] = [];
    const matched: number[] = [];
    for (const [index, item] of list.entries()) {
      const fault = this.#applyTo(schema, item, String(index));
      if (fault !== fits) faults.push(fault);
      else {
        matched.push(index);
        if (version >= 2020) this.unevaluated.items?.delete(index);
      }
    }
    const found = `matched ${count(matched.length)} items at ${matched.join(" ")}`;
    if (minContains !== undefined) {
      const what = `min ${count(minContains)} items required to match contains schema, but`;
      if (matched.length < minContains) this.#add(`${what} ${matched.length === 0 ? "none matched" : found}`, faults);
    } else if (matched.length === 0) {
      this.#add("no items match contains schema", faults);
    }
    if (maxContains !== undefined && matched.length > maxContains) {
      this.#add(`max ${count(maxContains)} items required to match contains schema, but ${found}`);
    }
  }

  #checkText(text: string): void {
    const { minLength, maxLength, pattern } = this.#schema;
    const length = minLength === undefined && maxLength === undefined ? 0 : Array.from(text).length;
    if (minLength !== undefined && length < minLength) {
      this.#add(`minLength: got ${count(length)}, want ${count(minLength)}`);
    }
    if (maxLength !== undefined && length > maxLength) {
      this.#add(`maxLength: got ${count(length)}, want ${count(maxLength)}`);
    }
    if (pattern !== undefined && !pattern.test(text)) {
      this.#add(`${quoted(text)} does not match pattern ${quoted(pattern.pattern)}`);
    }
  }

  #checkNumber(value: number | GoInt): void {
    const number = toNumber(value);
    const limit = (keyword: string, want: number | undefined, isBroken: (want: number) => boolean) => {
      if (want !== undefined && isBroken(want)) {
        this.#add(`${keyword}: got ${localNumber(number)}, want ${localNumber(want)}`);
      }
    };
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = this.#schema;
    limit("minimum", minimum, (want) => number < want);
    limit("maximum", maximum, (want) => number > want);
    limit("exclusiveMinimum", exclusiveMinimum, (want) => number <= want);
    limit("exclusiveMaximum", exclusiveMaximum, (want) => number >= want);
    limit("multipleOf", multipleOf, (want) => !isMultiple(value, want));
  }

  #checkCombinations(): void {
    const { not, allOf, anyOf, oneOf, when, whenTrue, whenFalse } = this.#schema;
    if (not !== undefined && this.#apply(not) === fits) this.#add("'not' failed");
    if (allOf !== undefined) {
      const faults = allOf.map((node) => this.#apply(node)).filter((fault) => fault !== fits);
      if (faults.length > 0) this.#add("'allOf' failed", faults);
    }
    if (anyOf !== undefined && anyOf.length > 0) this.#checkAnyOf(anyOf);
    if (oneOf !== undefined && oneOf.length > 0) this.#checkOneOf(oneOf);
    if (when !== undefined) {
      const node = this.#apply(when) === fits ? whenTrue : whenFalse;
      if (node !== undefined) this.#note(this.#apply(node));
    }
  }

  #checkAnyOf(nodes: readonly SchemaNode[]): void {
    const faults: Fault[] = [];
    for (const node of nodes) {
      const fault = this.#apply(node);
      if (fault !== fits) faults.push(fault);
      // The others may have looked at more.
      else if (isEmpty(this.unevaluated)) return;
    }
    if (faults.length === nodes.length) this.#add("'anyOf' failed", faults);
  }

  #checkOneOf(nodes: readonly SchemaNode[]): void {
    const faults: Fault[] = [];
    let matched: number | undefined;
    for (const [index, node] of nodes.entries()) {
      const fault = this.#apply(node);
      if (fault !== fits) faults.push(fault);
      else if (matched === undefined) matched = index;
      else {
        this.#add(`'oneOf' failed, subschemas ${count(matched)}, ${count(index)} matched`);
        return;
      }
    }
    if (matched === undefined) this.#add("'oneOf' failed, none matched", faults);
  }

  #checkUnevaluated(): void {
    const { unevaluatedProperties, unevaluatedItems } = this.#schema;
    const value = this.#value;
    const { properties, items } = this.unevaluated;
    if (unevaluatedProperties !== undefined && isMap(value)) {
      for (const key of properties ?? []) this.#note(this.#applyTo(unevaluatedProperties, value[key] ?? null, key));
      this.unevaluated.properties = undefined;
    }
    if (unevaluatedItems !== undefined && Array.isArray(value)) {
      for (const index of items ?? []) this.#note(this.#applyTo(unevaluatedItems, value[index], String(index)));
      this.unevaluated.items = undefined;
    }
  }
}

function recursiveIn(node: SchemaNode): SchemaNode | undefined {
  return node.resource?.recursiveAnchor === true ? node : undefined;
}

function keywordPath(scope: Scope): string {
  const { parent, via, schema } = scope;
  if (parent === undefined) return "";
  const own = via === "" ? schema.location.pointer.slice(parent.schema.location.pointer.length) : escapePointer(via);
  return keywordPath(parent) + own;
}

function unevaluatedIn(value: Value, schema: SchemaNode, isAsked: boolean): Unevaluated {
  if (isMap(value)) {
    const isWanted = isAsked || schema.unevaluatedProperties !== undefined;
    return isWanted && schema.additionalProperties === undefined ? { properties: new Set(Object.keys(value)) } : {};
  }
  if (!Array.isArray(value) || !(isAsked || schema.unevaluatedItems !== undefined)) return {};
  if (schema.items !== undefined || schema.additionalItems !== undefined) return {};
  const first = schema.prefixItems?.length ?? 0;
  return first >= value.length ? {} : { items: new Set([...value.keys()].slice(first)) };
}

function intersect(into: Unevaluated, other: Unevaluated): void {
  for (const key of into.properties ?? []) if (other.properties?.has(key) !== true) into.properties?.delete(key);
  for (const index of into.items ?? []) if (other.items?.has(index) !== true) into.items?.delete(index);
}

function isEmpty({ properties, items }: Unevaluated): boolean {
  return (properties?.size ?? 0) === 0 && (items?.size ?? 0) === 0;
}

function isNames(needs: readonly string[] | SchemaNode): needs is readonly string[] {
  return Array.isArray(needs);
}

function typeOf(value: Value): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof GoInt) return "number";
  return typeof value;
}

function isWhole(value: Value): boolean {
  return value instanceof GoInt || Number.isInteger(value);
}

function toNumber(value: number | GoInt): number {
  return typeof value === "number" ? value : Number(value.value);
}

/** Decimals are taken as they are written: 0.3 is three times 0.1. */
function isMultiple(value: number | GoInt, of: number): boolean {
  const [a, b] = [decimalOf(value), decimalOf(of)];
  const places = Math.max(a.places, b.places);
  const divisor = b.digits * 10n ** BigInt(places - b.places);
  return divisor !== 0n && (a.digits * 10n ** BigInt(places - a.places)) % divisor === 0n;
}

function decimalOf(value: number | GoInt): { digits: bigint; places: number } {
  if (value instanceof GoInt) return { digits: value.value, places: 0 };
  const [mantissa = "0", exponent = "0"] = value.toExponential().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return places >= 0 ? { digits, places } : { digits: digits * 10n ** BigInt(-places), places: 0 };
}

function isEqual(a: Value, b: Value): boolean {
  if (a instanceof GoInt)
    return typeof b === "number" ? Number(a.value) === b : b instanceof GoInt && b.value === a.value;
  if (b instanceof GoInt) return isEqual(b, a);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  }
  if (isMap(a) && isMap(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => hasKey(b, key) && isEqual(a[key], b[key]));
  }
  return deepEqual(a ?? null, b ?? null);
}

/** How many items are compared with each other; of more only those are that are written the same. */
const pairwiseMax = 20;

function duplicatesIn(list: readonly Value[]): readonly [number, number] | undefined {
  if (list.length > pairwiseMax) {
    const known = new Map<string, number>();
    for (const [index, item] of list.entries()) {
      const text = `${typeOf(item)} ${formatValue(item)}`;
      const other = known.get(text);
      if (other !== undefined && isEqual(item, list[other])) return [other, index];
      known.set(text, index);
    }
    return undefined;
  }
  for (let index = 1; index < list.length; index++) {
    const other = list.slice(0, index).findIndex((item) => isEqual(item, list[index]));
    if (other >= 0) return [other, index];
  }
  return undefined;
}

function enumMessage(values: readonly Value[]): string {
  if (values.some((value) => typeof value === "object" && value !== null)) return "'enum' failed";
  const [first] = values;
  if (values.length === 1) return `value must be ${shown(first)}`;
  return `value must be one of ${values.map(shown).join(", ")}`;
}

/** A whole number as messages print it. */
function count(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
