import { isJsonObject, type JsonObject, type JsonValue, setField } from "../../apimachinery/index.ts";
import type { SchemaDialect } from "../definition.ts";
import { uniqueTexts } from "./constraint.ts";
import { joinHelp } from "./describe.ts";

/**
 * Lets optional objects and lists be left blank. The form library makes an object of every optional object that has a list, a
 * default or a required object in it, and fills lists up to `minItems`; what was left blank would then lack what is required in it.
 * What an optional object asks for is told as "unless it is blank", with `if` and `else`, which the library follows: its fields are
 * marked as required as soon as one of them is filled in. In custom resources the defaults within are left to the API server, for an
 * object that is there only because of them means something else than one that is not.
 */
export function loosen(root: JsonObject, dialect: SchemaDialect): void {
  visitPresent(root, { isKubernetes: dialect === "kubernetes", hints: true });
}

type Visit = {
  readonly isKubernetes: boolean /** Whether hints for widgets are read here. */;
  readonly hints: boolean;
};

const childrenOf = (node: JsonObject): [string, JsonObject][] =>
  Object.entries(isJsonObject(node["properties"]) ? node["properties"] : {}).filter(
    (entry): entry is [string, JsonObject] => isJsonObject(entry[1]),
  );

/** What surely has a value, and so must have what it requires. */
function visitPresent(node: JsonObject, visit: Visit): void {
  meanFilledIn(node);
  const required = uniqueTexts(node["required"]);
  for (const [name, child] of childrenOf(node)) {
    if (required.includes(name) || isJsonObject(child["default"])) visitPresent(child, visit);
    else visitOptional(child, visit);
  }
  visitInner(node, visit);
  for (const branch of [
    ...alternativesOf(node, "anyOf"),
    ...alternativesOf(node, "oneOf"),
    ...conditionalBranches(node),
  ]) {
    visitPresent(branch, visit);
  }
}

/** Items and values of maps: whoever adds one wants it. */
function visitInner(node: JsonObject, visit: Visit): void {
  const { items, additionalProperties } = node;
  if (isJsonObject(items)) visitPresent(items, visit);
  if (isJsonObject(additionalProperties)) visitPresent(additionalProperties, { ...visit, hints: false });
  if (Array.isArray(items))
    for (const item of items) if (isJsonObject(item)) visitPresent(item, { ...visit, hints: false });
}

function alternativesOf(node: JsonObject, keyword: string): JsonObject[] {
  const list = node[keyword];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** Branches that may have fields of the form in them. */
function conditionalBranches(node: JsonObject): JsonObject[] {
  const own = [
    node["then"],
    node["else"],
    ...Object.values(isJsonObject(node["dependencies"]) ? node["dependencies"] : {}),
  ];
  return [
    ...own.filter(isJsonObject),
    ...alternativesOf(node, "allOf").flatMap((one) => [one["then"], one["else"]].filter(isJsonObject)),
  ];
}

/** What may be left out. */
function visitOptional(node: JsonObject, visit: Visit): void {
  visitInner(node, visit);
  const type = mainType(node);
  if (type === "array") {
    loosenCount(node, "minItems", "maxItems");
    return;
  }
  for (const keyword of ["anyOf", "oneOf"]) {
    const branches = alternativesOf(node, keyword);
    for (const branch of branches) visitOptional(branch, visit);
    // A blank object fits every alternative that it may be left blank in.
    if (keyword === "oneOf" && node["anyOf"] === undefined && branches.some((branch) => branch["else"] !== undefined)) {
      const { oneOf, ...rest } = node;
      for (const name of Object.keys(node)) delete node[name];
      Object.assign(node, rest, { anyOf: oneOf });
    }
  }
  if (type !== "object") return;
  if (childrenOf(node).length === 0) {
    loosenCount(node, "minProperties", "maxProperties");
    return;
  }
  if (!visit.isKubernetes && completes(node)) {
    for (const [, child] of childrenOf(node)) visitOptional(child, visit);
    return;
  }
  const forget = visit.isKubernetes || asks(node);
  const obligations = takeObligations(node, visit, forget);
  if (Object.keys(obligations).length === 0) return;
  const condition = blank(node);
  node["if"] = condition;
  node["else"] = obligations;
}

function mainType({ type }: JsonObject): JsonValue | undefined {
  return Array.isArray(type) ? type.find((one) => one !== "null") : type;
}

/** At least so many, and whatever else is asked of them, or none. */
function loosenCount(node: JsonObject, least: string, most: string): void {
  const count = node[least];
  delete node[least];
  const obligations = takeConditions(node);
  const isAsked = Object.keys(obligations).length > 0;
  if (typeof count === "number" && (count > 1 || isAsked)) obligations[least] = count;
  if (Object.keys(obligations).length === 0) return;
  node["if"] = { type: mainType(node) ?? null, [most]: 0 };
  node["else"] = obligations;
}

const conditionKeywords = ["not", "errorMessage", "allOf", "if", "then", "else"];

function takeConditions(node: JsonObject): JsonObject {
  const taken: JsonObject = {};
  for (const keyword of conditionKeywords) {
    const found = node[keyword];
    if (found === undefined) continue;
    taken[keyword] = found;
    delete node[keyword];
  }
  return taken;
}

/** Whether an object has everything it requires as soon as defaults are filled in. */
function completes(node: JsonObject): boolean {
  const required = uniqueTexts(node["required"]);
  if (node["not"] !== undefined || node["allOf"] !== undefined || node["if"] !== undefined) return false;
  if (node["oneOf"] !== undefined || node["anyOf"] !== undefined) return required.length === 0;
  const children = new Map(childrenOf(node));
  return required.every((name) => {
    const child = children.get(name);
    if (child === undefined) return false;
    return (
      child["default"] !== undefined ||
      (mainType(child) === "object" && childrenOf(child).length > 0 && completes(child))
    );
  });
}

/** Whether an object asks for something that defaults do not give. */
function asks(node: JsonObject): boolean {
  return (
    ["not", "allOf", "if", "dependencies", "minProperties"].some((keyword) => node[keyword] !== undefined) ||
    !completes(node)
  );
}

const obligationKeywords = ["not", "errorMessage", "allOf", "if", "then", "else", "dependencies", "minProperties"];

/** Takes out of an object, and out of the objects it requires, what may be asked for only when it is not blank. */
function takeObligations(node: JsonObject, visit: Visit, forget: boolean): JsonObject {
  const obligations: JsonObject = {};
  meanFilledIn(node);
  let required = uniqueTexts(node["required"]);
  const properties: JsonObject = {};
  for (const branch of conditionalBranches(node)) visitPresent(branch, visit);
  for (const keyword of obligationKeywords) {
    const found = node[keyword];
    if (found === undefined) continue;
    obligations[keyword] = found;
    delete node[keyword];
  }
  for (const [name, child] of childrenOf(node)) {
    const type = mainType(child);
    const isSet = child["default"] !== undefined;
    if (forget && isSet) {
      forgetDefault(child, visit);
      // Custom resources get their defaults before it is asked what they lack.
      if (visit.isKubernetes) required = required.filter((one) => one !== name);
    }
    if (!required.includes(name)) {
      visitOptional(child, visit);
    } else if (type === "object" && childrenOf(child).length > 0) {
      visitInner(child, visit);
      for (const branch of [...alternativesOf(child, "anyOf"), ...alternativesOf(child, "oneOf")])
        visitOptional(branch, visit);
      const own = takeObligations(child, visit, forget);
      if (Object.keys(own).length > 0) setField(properties, name, own);
    } else {
      const keyword = type === "array" ? "minItems" : "minProperties";
      const least = child[keyword];
      visitOptional(child, visit);
      if (typeof least === "number") {
        setField(properties, name, { [keyword]: least });
      }
    }
  }
  if (required.length > 0) obligations["required"] = required;
  delete node["required"];
  if (Object.keys(properties).length > 0) obligations["properties"] = properties;
  return obligations;
}

function forgetDefault(child: JsonObject, { hints }: Visit): void {
  const value = child["default"];
  delete child["default"];
  if (!hints || value === undefined || isJsonObject(value)) return;
  const text = Array.isArray(value) ? JSON.stringify(value) : String(value);
  const help = typeof child["ui:help"] === "string" ? child["ui:help"] : "";
  if (!help.includes("default")) child["ui:help"] = joinHelp([help, `The default is ${text}.`]);
}

/** What an object looks like that nobody filled in: nothing in it but empty lists and objects, and defaults. */
function blank(node: JsonObject): JsonObject {
  const properties: JsonObject = {};
  const known = [node, ...alternativesOf(node, "anyOf"), ...alternativesOf(node, "oneOf")];
  for (const one of known) {
    for (const [name, child] of childrenOf(one)) {
      if (!Object.hasOwn(properties, name)) setField(properties, name, blankValue(child));
    }
  }
  const closed = node["additionalProperties"] !== undefined && node["additionalProperties"] !== false;
  return { properties, ...(closed && { additionalProperties: false }) };
}

function blankValue(child: JsonObject): JsonValue {
  const value = child["default"];
  const type = mainType(child);
  if (value !== undefined && !isJsonObject(value)) return { enum: Array.isArray(value) ? [value, []] : [value] };
  if (type === "array") return { maxItems: 0 };
  if (type === "object") return childrenOf(child).length > 0 ? blank(child) : { maxProperties: 0 };
  const [first] = [...alternativesOf(child, "anyOf"), ...alternativesOf(child, "oneOf")];
  if (first === undefined || type !== undefined) return false;
  const kind = mainType(first);
  return kind === "array" || kind === "object" ? { type: kind, ...condition(blankValue(first)) } : false;
}

function condition(value: JsonValue): JsonObject {
  return isJsonObject(value) ? value : {};
}

/**
 * Makes conditions about which fields are there speak of those that are filled in: blank lists and objects are there as well in the
 * form, and are left out of what is made of the answers.
 */
function meanFilledIn(node: JsonObject): void {
  const children = new Map(childrenOf(node));
  if (children.size === 0) return;
  for (const keyword of ["not", "if", "then", "else"]) {
    const found = node[keyword];
    if (isJsonObject(found)) node[keyword] = filledIn(found, node, keyword === "then" || keyword === "else");
  }
  const { allOf, minProperties, maxProperties } = node;
  if (Array.isArray(allOf)) node["allOf"] = allOf.map((one) => (isJsonObject(one) ? filledIn(one, node, false) : one));
  if (node["additionalProperties"] !== undefined && node["additionalProperties"] !== false) return;
  const isCounted = minProperties === 1 || (typeof maxProperties === "number" && maxProperties < children.size);
  if (!isCounted) return;
  const own =
    children.size > countedMax ? [] : [...children].map(([name]) => filledIn({ required: [name] }, node, false));
  if (own.length > 0 && own.every((one) => one["properties"] === undefined)) return;
  if (minProperties === 1) {
    delete node["minProperties"];
    if (own.length > 0) addForbidden(node, { not: { anyOf: own } });
  }
  if (typeof maxProperties === "number" && maxProperties < children.size) {
    delete node["maxProperties"];
    const pairs = own.flatMap((one, index) => own.slice(index + 1).map((other) => ({ allOf: [one, other] })));
    if (maxProperties === 1 && pairs.length > 0 && pairs.length <= countedMax) addForbidden(node, { anyOf: pairs });
  }
}

/** A count of fields is told by naming them, as long as that does not outgrow the fields themselves. */
const countedMax = 66;

function addForbidden(node: JsonObject, condition: JsonObject): void {
  const { not } = node;
  delete node["errorMessage"];
  node["not"] = not === undefined ? condition : { anyOf: [not, condition] };
}

const innerConditions = ["not", "if", "then", "else"];
const innerLists = ["allOf", "anyOf", "oneOf"];

/** @param isBranch whether what it requires becomes required in the form, where it is marked as such */
function filledIn(condition: JsonObject, node: JsonObject, isBranch: boolean): JsonObject {
  const children = new Map(
    [node, ...alternativesOf(node, "anyOf"), ...alternativesOf(node, "oneOf")].flatMap(childrenOf),
  );
  const told: JsonObject = { ...condition };
  for (const keyword of innerConditions) {
    const one = condition[keyword];
    if (isJsonObject(one)) told[keyword] = filledIn(one, node, isBranch && keyword !== "if" && keyword !== "not");
  }
  for (const keyword of innerLists) {
    const list = condition[keyword];
    if (Array.isArray(list)) told[keyword] = list.map((one) => (isJsonObject(one) ? filledIn(one, node, false) : one));
  }
  const properties: JsonObject = {};
  for (const [name, one] of Object.entries(isJsonObject(condition["properties"]) ? condition["properties"] : {})) {
    const child = children.get(name);
    setField(properties, name, isJsonObject(one) && child !== undefined ? filledIn(one, child, isBranch) : one);
  }
  for (const name of isBranch ? [] : uniqueTexts(condition["required"])) {
    const child = children.get(name);
    const empty = child === undefined ? false : blankValue(child);
    // Something is in it that is asked about, and so it is not blank.
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const isAsked = isJsonObject(known) && asksForField(known);
    if (empty === false || isAsked || child?.["default"] !== undefined) continue;
    setField(properties, name, known === undefined ? { not: empty } : { allOf: [known, { not: empty }] });
  }
  if (Object.keys(properties).length > 0) told["properties"] = properties;
  return told;
}

function asksForField(condition: JsonObject): boolean {
  return uniqueTexts(condition["required"]).length > 0 || typeof condition["minItems"] === "number";
}
