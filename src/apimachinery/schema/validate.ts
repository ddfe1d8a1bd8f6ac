import { isFields } from "../fields.ts";
import { formatGoFloat, quoteGo } from "../go-format.ts";
import { canonicalJson, deepEqual } from "../json.ts";
import { requestTooLarge, type StatusCause } from "../status-error.ts";
import { embeddedFaults } from "./embedded-resource.ts";
import * as fault from "./field-error.ts";
import { stringFormats } from "./formats.ts";
import { itemFaults, itemsBefore } from "./list-items.ts";
import { compilePattern } from "./pattern.ts";
import { child, dottedPath, fieldPath, type Place } from "./place.ts";
import { type Schema, valueSchema } from "./schema.ts";

/**
 * Checks a value against a schema as the API server checks custom resources: types, formats, limits, patterns, enums,
 * required fields, `allOf` and its kin, uniqueness in lists of type `set` and `map`, and embedded objects.
 *
 * @param path where the value stands, as in `spec.template`; empty for a whole object
 * @param old what stood there before an update: parts that did not change pass, however wrong, so that a stricter schema does not
 *   make objects unwritable
 * @returns one cause per fault in Kubernetes' words, in the order of the value, of thousands the first; empty when it is valid
 * @throws {StatusError} `RequestEntityTooLarge` when there is more to check than anybody may wait for
 */
export function validateSchema(value: unknown, schema: Schema, path = "", old?: unknown): StatusCause[] {
  const place = path === "" ? undefined : { parent: undefined, key: path, mapKey: false };
  const effort: Effort = { checks: 0 };
  const findings = noFindings(effort);
  checker(schema)(value, place, findings, undefined);
  if (findings.causes.length === 0 || old === undefined) return findings.causes;
  // Most updates are valid; only the others are worth a comparison.
  const changed = noFindings(effort);
  checker(schema)(value, place, changed, old);
  return changed.causes;
}

/**
 * What a check found. `matches` counts the checks that applied, by which `anyOf` and `oneOf` choose the branch
 * whose faults they report when none is valid; the counts follow kube-openapi's.
 */
type Findings = {
  causes: StatusCause[];
  /** What the causes say, so that nothing is said twice; absent while there are none. */
  said: Set<string> | undefined;
  saidLength: number;
  matches: number;
  effort: Effort;
};

/** What one validation has done so far, everything that was only tried included. */
type Effort = { checks: number };

/** More checks of values than these would hold everybody else up for seconds; a value of a megabyte needs half a million. */
const checksMax = 5_000_000;
/** How many faults are told, and how long they may be together: who reads them reads the first ones. */
const causesMax = 1_000;
const saidLengthMax = 2 ** 20;

function noFindings(effort: Effort): Findings {
  return { causes: [], said: undefined, saidLength: 0, matches: 0, effort };
}

/** `old` is the counterpart of the value before an update; `undefined` when it has none. */
type Check = (value: unknown, place: Place | undefined, findings: Findings, old: unknown) => void;

const checkers = new WeakMap<Schema, Check>();

function checker(schema: Schema): Check {
  let known = checkers.get(schema);
  if (known === undefined) {
    known = compile(schema);
    checkers.set(schema, known);
  }
  return known;
}

function compile(schema: Schema): Check {
  const types = schema["x-kubernetes-int-or-string"] ? ["integer", "string"] : schema.type ? [schema.type] : [];
  const format = knownFormat(schema);
  const checkType = typeCheck(types, schema, format);
  const checkEnum = enumCheck(schema);
  const checkBranches = branchesCheck(schema);
  const checkString = stringCheck(schema, format);
  const checkNumber = numberCheck(schema);
  const checkList = listCheck(schema);
  const checkObject = objectCheck(schema);
  // One for the schema itself, one for `enum`, two for the branches; they apply to every value.
  const matches = 4 + (types.length > 0 || format !== undefined ? 1 : 0);

  return (value, place, findings, old) => {
    if (++findings.effort.checks > checksMax) throw requestTooLarge("its schema asks for too many checks");
    if (findings.causes.length >= causesMax || findings.saidLength > saidLengthMax) return;
    if (old !== undefined && deepEqual(value, old)) return;
    if (value === null) {
      if (checkType(value, place, findings)) findings.matches++;
      checkEnum?.(value, place, findings, old);
      return;
    }
    findings.matches += matches;
    if (checkType(value, place, findings)) findings.matches++;
    checkBranches?.(value, place, findings, old);
    switch (typeof value) {
      case "string":
        findings.matches += format === undefined ? 1 : 2;
        checkString?.(value, place, findings, old);
        break;
      case "number":
      case "bigint":
        findings.matches += 2;
        checkNumber?.(value, place, findings, old);
        break;
      case "object":
        findings.matches += Array.isArray(value) ? 2 : 1;
        if (Array.isArray(value)) checkList?.(value, place, findings, old);
    }
    checkEnum?.(value, place, findings, old);
    checkObject?.(value, place, findings, old);
  };
}

function add(findings: Findings, cause: StatusCause): void {
  const text = `${cause.field}\n${cause.message}`;
  findings.said ??= new Set();
  if (findings.said.has(text)) return;
  findings.said.add(text);
  findings.saidLength += text.length;
  findings.causes.push(cause);
}

/** Adds a fault whose text begins with the path, as the schema library's texts do. */
function addInvalid(findings: Findings, place: Place | undefined, value: unknown, text: string): void {
  const path = dottedPath(place);
  add(findings, fault.invalidValue(path, value, `${path} in body ${text}`));
}

type TypeCheck = (value: unknown, place: Place | undefined, findings: Findings) => boolean;

function typeCheck(types: readonly string[], schema: Schema, format: string | undefined): TypeCheck {
  if (types.length === 0 && format === undefined) return () => true;
  const numeric = types.includes("number") || types.includes("integer");
  const nullable = schema.nullable === true || types.length === 0;
  return (value, place, findings) => {
    const type = typeOf(value);
    if (types.includes(type) || (type === "integer" && types.includes("number"))) return true;
    if (type === "null" && nullable) return true;
    const path = dottedPath(place);
    let wanted = types.join(",");
    let found = type;
    if (format !== undefined && type !== "null") {
      // The schema library lets the format decide where there is one, and takes a list for any string.
      if ((type === "string" || type === "array") && !numeric) return true;
      if (type !== "string" && type !== "array") {
        wanted = format;
        found = type === "integer" ? "int64" : type === "number" ? "float64" : "";
      }
    }
    const detail = `${path} in body must be of type ${wanted}: "${found}"`;
    add(findings, fault.invalidType(path, found, detail));
    return false;
  };
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value === "bigint" ? "integer" : typeof value;
}

/** The format as the schema writes it, if Kubernetes validates it. */
function knownFormat({ format }: Schema): string | undefined {
  return format !== undefined && stringFormats.has(format.replaceAll("-", "")) ? format : undefined;
}

function enumCheck(schema: Schema): Check | undefined {
  const allowed = schema.enum;
  if (allowed === undefined || allowed.length === 0) return undefined;
  const plain = new Set<unknown>(allowed);
  const composed = allowed.filter((one) => typeof one === "object");
  return (value, place, findings) => {
    // A null never equals an enum's null in the schema library.
    if (value !== null && (plain.has(value) || composed.some((one) => deepEqual(one, value)))) return;
    // All that is allowed is told, and that may be much.
    findings.effort.checks += allowed.length;
    add(findings, fault.unsupportedValue(dottedPath(place), value, allowed));
  };
}

function stringCheck({ maxLength, minLength, pattern }: Schema, format: string | undefined): Check | undefined {
  const hasFormat = format === undefined ? undefined : stringFormats.get(format.replaceAll("-", ""));
  const matches = pattern === undefined || pattern === "" ? undefined : compilePattern(pattern);
  const bounded = maxLength !== undefined || minLength !== undefined;
  if (!bounded && matches === undefined && hasFormat === undefined) return undefined;

  return (value, place, findings) => {
    if (typeof value !== "string") return;
    const length = bounded ? codePoints(value) : 0;
    if (maxLength !== undefined && length > maxLength) {
      add(findings, fault.tooLong(dottedPath(place), maxLength));
    } else if (minLength !== undefined && length < minLength) {
      addInvalid(findings, place, value, `should be at least ${minLength} chars long`);
    } else if (matches !== undefined && !matches(value)) {
      addInvalid(findings, place, value, `should match '${pattern}'`);
    }
    if (hasFormat !== undefined && !hasFormat(value)) {
      const path = dottedPath(place);
      add(findings, fault.invalidType(path, value, `${path} in body must be of type ${format}: ${quoteGo(value)}`));
    }
  };
}

function codePoints(text: string): number {
  let count = text.length;
  // Each pair of surrogates is one character.
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) count--;
  }
  return count;
}

function numberCheck(schema: Schema): Check | undefined {
  const { minimum, maximum, exclusiveMinimum = false, exclusiveMaximum = false, multipleOf } = schema;
  if (minimum === undefined && maximum === undefined && multipleOf === undefined) return undefined;

  return (value, place, findings) => {
    if (typeof value !== "number" && typeof value !== "bigint") return;
    if (multipleOf !== undefined) checkMultiple(value, multipleOf, place, findings);
    if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
      const relation = exclusiveMinimum ? "greater than" : "greater than or equal to";
      addInvalid(findings, place, value, `should be ${relation} ${formatGoFloat(minimum)}`);
    }
    if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
      const relation = exclusiveMaximum ? "less than" : "less than or equal to";
      addInvalid(findings, place, value, `should be ${relation} ${formatGoFloat(maximum)}`);
    }
  };
}

function checkMultiple(value: number | bigint, factor: number, place: Place | undefined, findings: Findings): void {
  if (factor <= 0) {
    const path = dottedPath(place);
    const text = `factor MultipleOf declared for ${path} must be positive: ${formatGoFloat(factor)}`;
    add(findings, fault.invalidValue(path, factor, text));
    return;
  }
  const float = Number(value);
  const quotient = factor < 1 ? (1 / factor) * float : float / factor;
  if (isNearInteger(quotient)) return;
  addInvalid(findings, place, value, `should be a multiple of ${formatGoFloat(factor)}`);
}

/** Whether a float is a whole number but for the error of a division. */
function isNearInteger(value: number): boolean {
  if (Number.isInteger(value)) return true;
  const difference = Math.abs(value - Math.round(value));
  return difference !== 0 && difference < Math.abs(value) * 1e-9;
}

function listCheck(schema: Schema): Check | undefined {
  const { items, minItems, maxItems, uniqueItems } = schema;
  const distinct = schema["x-kubernetes-list-type"] === "set" || schema["x-kubernetes-list-type"] === "map";
  const limited = minItems !== undefined || maxItems !== undefined || uniqueItems === true;
  if (items === undefined && !limited && !distinct) return undefined;
  let checkItem: Check | undefined;

  return (value, place, findings, old) => {
    if (!Array.isArray(value)) return;
    if (items !== undefined) {
      checkItem ??= checker(items);
      const before = old === undefined ? undefined : itemsBefore(old, schema);
      for (let i = 0; i < value.length; i++) {
        checkItem(value[i], { parent: place, key: i, mapKey: false }, findings, before?.(value[i]));
      }
    }
    const count = value.length;
    if (minItems !== undefined && count < minItems) {
      addInvalid(findings, place, count, `should have at least ${minItems} items`);
    }
    if (maxItems !== undefined && count > maxItems) add(findings, fault.tooMany(dottedPath(place), count, maxItems));
    if (uniqueItems && hasTwins(value)) addInvalid(findings, place, "", "shouldn't contain duplicates");
    if (!distinct) return;
    for (const fault of itemFaults(value, schema, place)) add(findings, fault);
  };
}

function hasTwins(list: readonly unknown[]): boolean {
  return new Set(list.map(canonicalJson)).size < list.length;
}

function objectCheck(schema: Schema): Check | undefined {
  const { minProperties, maxProperties, required = [], additionalProperties } = schema;
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  const additional = valueSchema(schema);
  const properties = new Map(Object.entries(schema.properties ?? {}));
  const limited = minProperties !== undefined || maxProperties !== undefined || additionalProperties === false;
  if (properties.size === 0 && !additional && required.length === 0 && !limited && !embedded) return undefined;

  return (value, place, findings, old) => {
    if (!isFields(value)) return;
    const before = isFields(old) ? old : {};
    const names = Object.keys(value);
    const count = names.length;
    if (minProperties !== undefined && count < minProperties) {
      addInvalid(findings, place, count, `should have at least ${minProperties} properties`);
    }
    if (maxProperties !== undefined && count > maxProperties) {
      add(findings, fault.tooMany(dottedPath(place), count, maxProperties));
    }
    for (const name of names) {
      const below = properties.get(name);
      if (below !== undefined) {
        checker(below)(value[name], { parent: place, key: name, mapKey: false }, findings, fieldOf(before, name));
      } else if (additional !== undefined) {
        checker(additional)(value[name], { parent: place, key: name, mapKey: true }, findings, fieldOf(before, name));
      } else if (additionalProperties === false) {
        const path = dottedPath(place);
        add(findings, fault.invalidValue(path, name, `${path}.${name} in body is a forbidden property`));
      }
    }
    for (const name of required) {
      if (!Object.hasOwn(value, name)) add(findings, fault.requiredValue(child(dottedPath(place), name)));
    }
    if (embedded) for (const fault of embeddedFaults(value, fieldPath(place))) add(findings, fault);
  };
}

function fieldOf(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function branchesCheck({ anyOf = [], oneOf = [], allOf = [], not }: Schema): Check | undefined {
  if (anyOf.length === 0 && oneOf.length === 0 && allOf.length === 0 && not === undefined) return undefined;

  return (value, place, findings, old) => {
    const attempt = (schema: Schema): Findings => {
      const found = noFindings(findings.effort);
      checker(schema)(value, place, found, old);
      return found;
    };
    if (anyOf.length > 0) checkAny(anyOf, attempt, place, findings);
    if (oneOf.length > 0) checkOne(oneOf.map(attempt), place, findings);
    if (allOf.length > 0) checkAll(allOf.map(attempt), place, findings);
    if (not !== undefined && attempt(not).causes.length === 0) {
      addBranchFault(findings, place, "must not validate the schema (not)");
    }
  };
}

type Attempt = (schema: Schema) => Findings;

function checkAny(anyOf: readonly Schema[], attempt: Attempt, place: Place | undefined, findings: Findings): void {
  const failed: Findings[] = [];
  for (const schema of anyOf) {
    const found = attempt(schema);
    if (found.causes.length === 0) {
      merge(findings, found);
      return;
    }
    failed.push(found);
  }
  addBranchFault(findings, place, "must validate at least one schema (anyOf)");
  merge(findings, closest(failed));
}

function checkOne(found: readonly Findings[], place: Place | undefined, findings: Findings): void {
  const valid = found.filter(({ causes }) => causes.length === 0);
  if (valid.length === 1) {
    merge(findings, valid[0]);
    return;
  }
  const why = valid.length === 0 ? "Found none valid" : `Found ${valid.length} valid alternatives`;
  addBranchFault(findings, place, `must validate one and only one schema (oneOf). ${why}`);
  if (valid.length === 0) merge(findings, closest(found));
}

function checkAll(found: readonly Findings[], place: Place | undefined, findings: Findings): void {
  for (const one of found) merge(findings, one);
  const valid = found.filter(({ causes }) => causes.length === 0).length;
  if (valid === found.length) return;
  const why = valid === 0 ? ". None validated" : "";
  addBranchFault(findings, place, `must validate all the schemas (allOf)${why}`);
}

/** The first of those in which most checks applied. */
function closest(found: readonly Findings[]): Findings | undefined {
  let best: Findings | undefined;
  for (const one of found) if (best === undefined || one.matches > best.matches) best = one;
  return best;
}

function merge(findings: Findings, more: Findings | undefined): void {
  if (more === undefined) return;
  findings.matches += more.matches;
  for (const cause of more.causes) add(findings, cause);
}

/** Kubernetes loses the field of these, prints `<nil>` for it, and names it in the text. */
function addBranchFault(findings: Findings, place: Place | undefined, text: string): void {
  add(findings, fault.invalidValue("<nil>", "", `${quoteGo(dottedPath(place))} ${text}`));
}
