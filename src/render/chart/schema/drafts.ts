import type { JsonValue } from "../../../apimachinery/index.ts";

/**
 * A version of JSON Schema.
 *
 * @property id the keyword that names a schema
 * @property places where schemas are inside of one: `key`, `key/*` for each value of an object, `key/[]` for each of a list
 * @property assertsFormat whether `format` is a rule
 */
export type Draft = {
  readonly version: 4 | 6 | 7 | 2019 | 2020;
  readonly url: string;
  readonly id: "id" | "$id";
  readonly places: readonly string[];
  readonly assertsFormat: boolean;
};

const places4 = (
  "definitions/* not allOf/[] anyOf/[] oneOf/[] properties/* additionalProperties patternProperties/* items items/[] " +
  "additionalItems dependencies/*"
).split(" ");
const places6 = [...places4, "propertyNames", "contains"];
const places7 = [...places6, "if", "then", "else"];
const places2019 = [
  ...places7,
  ..."$defs/* dependentSchemas/* unevaluatedProperties unevaluatedItems contentSchema".split(" "),
];

const drafts: readonly Draft[] = [
  { version: 4, url: "http://json-schema.org/draft-04/schema", id: "id", places: places4, assertsFormat: true },
  { version: 6, url: "http://json-schema.org/draft-06/schema", id: "$id", places: places6, assertsFormat: true },
  { version: 7, url: "http://json-schema.org/draft-07/schema", id: "$id", places: places7, assertsFormat: true },
  {
    version: 2019,
    url: "https://json-schema.org/draft/2019-09/schema",
    id: "$id",
    places: places2019,
    assertsFormat: false,
  },
];

/** What a schema is that does not say which version it follows. */
export const latestDraft: Draft = {
  version: 2020,
  url: "https://json-schema.org/draft/2020-12/schema",
  id: "$id",
  places: [...places2019, "prefixItems/[]"],
  assertsFormat: false,
};

/** The version that `$schema` names; `undefined` for a schema of schemas that is somebody's own. */
export function draftOf(url: string): Draft | undefined {
  if (/#./.test(url)) return undefined;
  const place = url.replace(/#$/, "").replace(/^https?:\/\//, "");
  if (place === "json-schema.org/schema") return latestDraft;
  return [...drafts, latestDraft].find((draft) => draft.url.replace(/^https?:\/\//, "") === place);
}

/** The schema of schemas at a URL, if the specification has one there. */
export function metaSchemaAt(url: string): JsonValue | undefined {
  const draft = draftOf(url);
  if (draft !== undefined) return metaSchemaOf(draft);
  const part = /^https?:\/\/(json-schema\.org\/draft\/(2019-09|2020-12)\/)meta\/([a-z-]+)$/.exec(url);
  const version = part?.[2] === "2019-09" ? 2019 : 2020;
  const vocabulary = part?.[3] === undefined ? undefined : vocabulariesOf(version)[part[3]];
  return vocabulary && { ...frameOf(version), $id: `https://${part?.[1]}meta/${part?.[3]}`, ...vocabulary };
}

function metaSchemaOf(draft: Draft): JsonValue {
  switch (draft.version) {
    case 4:
    case 6:
    case 7:
      return classicMetaSchema(draft.version, draft.url);
    default: {
      const { version } = draft;
      const again = againIn(version);
      const parts = Object.keys(vocabulariesOf(version)).filter((name) => name !== "format-assertion");
      const old = {
        definitions: mapOf(again),
        dependencies: mapOf({ anyOf: [again, { $ref: "meta/validation#/$defs/stringArray" }] }),
      };
      const renamed = {
        $recursiveAnchor: { $ref: "meta/core#/$defs/anchorString" },
        $recursiveRef: { $ref: "meta/core#/$defs/uriReferenceString" },
      };
      return {
        ...frameOf(version),
        $id: draft.url,
        allOf: parts.map((name) => ({ $ref: `meta/${name}` })),
        properties: version === 2019 ? old : { ...old, ...renamed },
      };
    }
  }
}

type Rule = { [keyword: string]: JsonValue };

const text: Rule = { type: "string" };
const truth: Rule = { type: "boolean" };
const number: Rule = { type: "number" };
const regex: Rule = { type: "string", format: "regex" };
const uri: Rule = { type: "string", format: "uri" };
const uriReference: Rule = { type: "string", format: "uri-reference" };
const simpleTypes: Rule = { enum: ["array", "boolean", "integer", "null", "number", "object", "string"] };
const nonNegative: Rule = { type: "integer", minimum: 0 };

function mapOf(values: JsonValue): Rule {
  return { type: "object", additionalProperties: values };
}

function each(names: string, rule: JsonValue): Rule {
  return Object.fromEntries(names.split(" ").map((name) => [name, rule]));
}

function typeRule(simple: Rule): Rule {
  return { anyOf: [simple, { type: "array", items: simple, minItems: 1, uniqueItems: true }] };
}

function classicMetaSchema(version: 4 | 6 | 7, url: string): JsonValue {
  const self: Rule = { $ref: "#" };
  const defined = (name: string): Rule => ({ $ref: `#/definitions/${name}` });
  const integer = version === 4 ? "positiveInteger" : "nonNegativeInteger";
  const isFour = version === 4;
  const orBoolean: Rule = isFour ? { anyOf: [truth, self] } : self;
  const schemas = defined("schemaArray");
  return {
    $schema: `${url}#`,
    ...(!isFour && { $id: `${url}#` }),
    definitions: {
      schemaArray: { type: "array", minItems: 1, items: self },
      [integer]: nonNegative,
      [`${integer}Default0`]: { allOf: [defined(integer), { default: 0 }] },
      simpleTypes,
      stringArray: { type: "array", items: text, uniqueItems: true, ...(isFour && { minItems: 1 }) },
    },
    type: isFour ? "object" : ["object", "boolean"],
    properties: {
      [isFour ? "id" : "$id"]: isFour ? text : uriReference,
      $schema: uri,
      $ref: isFour ? text : uriReference,
      ...each("title description format", text),
      multipleOf: isFour
        ? { type: "number", minimum: 0, exclusiveMinimum: true }
        : { type: "number", exclusiveMinimum: 0 },
      ...each("maximum minimum", number),
      ...each("exclusiveMaximum exclusiveMinimum", isFour ? truth : number),
      ...each("maxLength maxItems maxProperties", defined(integer)),
      ...each("minLength minItems minProperties", defined(`${integer}Default0`)),
      pattern: regex,
      ...each("additionalItems additionalProperties", orBoolean),
      items: { anyOf: [self, schemas] },
      uniqueItems: truth,
      required: defined("stringArray"),
      ...each("definitions properties", mapOf(self)),
      patternProperties: { ...mapOf(self), ...(version === 7 && { propertyNames: { format: "regex" } }) },
      dependencies: mapOf({ anyOf: [self, defined("stringArray")] }),
      enum: { type: "array", minItems: 1, uniqueItems: true },
      type: typeRule(defined("simpleTypes")),
      ...each("allOf anyOf oneOf", schemas),
      not: self,
      ...(!isFour && each("contains propertyNames", self)),
      ...(version === 7 && {
        ...each("$comment contentMediaType contentEncoding", text),
        ...each("readOnly writeOnly", truth),
        ...each("if then else", self),
        examples: { type: "array" },
      }),
    },
    ...(isFour && { dependencies: { exclusiveMaximum: ["maximum"], exclusiveMinimum: ["minimum"] } }),
  };
}

function againIn(version: 2019 | 2020): Rule {
  return version === 2019 ? { $recursiveRef: "#" } : { $dynamicRef: "#meta" };
}

/** What all schemas of schemas have since they consist of parts. */
function frameOf(version: 2019 | 2020): Rule {
  const $schema = `https://json-schema.org/draft/${version === 2019 ? "2019-09" : "2020-12"}/schema`;
  const anchor: Rule = version === 2019 ? { $recursiveAnchor: true } : { $dynamicAnchor: "meta" };
  return { $schema, ...anchor, type: ["object", "boolean"] };
}

/** The parts, in the order in which the whole refers to them. */
function vocabulariesOf(version: 2019 | 2020): Record<string, Rule> {
  const again = againIn(version);
  const is2019 = version === 2019;
  const defined = (name: string): Rule => ({ $ref: `#/$defs/${name}` });
  const schemas = defined("schemaArray");
  const format: Rule = { properties: { format: text } };
  const unevaluated = each("unevaluatedItems unevaluatedProperties", again);
  const applicator: Rule = {
    properties: {
      ...(is2019 ? { additionalItems: again, ...unevaluated } : { prefixItems: schemas }),
      items: is2019 ? { anyOf: [again, schemas] } : again,
      ...each("contains additionalProperties propertyNames if then else not", again),
      properties: mapOf(again),
      patternProperties: { ...mapOf(again), propertyNames: { format: "regex" } },
      dependentSchemas: mapOf(again),
      ...each("allOf anyOf oneOf", schemas),
    },
    $defs: { schemaArray: { type: "array", minItems: 1, items: again } },
  };
  return {
    core: coreVocabulary(version),
    applicator,
    ...(!is2019 && { unevaluated: { properties: unevaluated } }),
    validation: validationVocabulary(),
    "meta-data": {
      properties: {
        ...each("title description", text),
        ...each("deprecated readOnly writeOnly", truth),
        examples: { type: "array" },
      },
    },
    ...(is2019 ? { format } : { "format-annotation": format, "format-assertion": format }),
    content: { properties: { ...each("contentMediaType contentEncoding", text), contentSchema: again } },
  };
}

function coreVocabulary(version: 2019 | 2020): Rule {
  const again = againIn(version);
  const noFragment: Rule = { pattern: "^[^#]*#?$" };
  if (version === 2019) {
    return {
      properties: {
        $id: { ...uriReference, ...noFragment },
        $schema: uri,
        $anchor: { type: "string", pattern: "^[A-Za-z][-A-Za-z0-9.:_]*$" },
        ...each("$ref $recursiveRef", uriReference),
        $recursiveAnchor: truth,
        $vocabulary: { ...mapOf(truth), propertyNames: uri },
        $comment: text,
        $defs: mapOf(again),
      },
    };
  }
  const defined = (name: string): Rule => ({ $ref: `#/$defs/${name}` });
  return {
    properties: {
      $id: { ...defined("uriReferenceString"), ...noFragment },
      $schema: defined("uriString"),
      ...each("$ref $dynamicRef", defined("uriReferenceString")),
      ...each("$anchor $dynamicAnchor", defined("anchorString")),
      $vocabulary: { ...mapOf(truth), propertyNames: defined("uriString") },
      $comment: text,
      $defs: mapOf(again),
    },
    $defs: {
      anchorString: { type: "string", pattern: "^[A-Za-z_][-A-Za-z0-9._]*$" },
      uriString: uri,
      uriReferenceString: uriReference,
    },
  };
}

function validationVocabulary(): Rule {
  const defined = (name: string): Rule => ({ $ref: `#/$defs/${name}` });
  return {
    properties: {
      type: typeRule(defined("simpleTypes")),
      enum: { type: "array" },
      multipleOf: { type: "number", exclusiveMinimum: 0 },
      ...each("maximum exclusiveMaximum minimum exclusiveMinimum", number),
      ...each("maxLength maxItems maxProperties maxContains minContains", defined("nonNegativeInteger")),
      ...each("minLength minItems minProperties", defined("nonNegativeIntegerDefault0")),
      pattern: regex,
      uniqueItems: truth,
      required: defined("stringArray"),
      dependentRequired: mapOf(defined("stringArray")),
    },
    $defs: {
      nonNegativeInteger: nonNegative,
      nonNegativeIntegerDefault0: { ...defined("nonNegativeInteger"), default: 0 },
      simpleTypes,
      stringArray: { type: "array", items: text, uniqueItems: true },
    },
  };
}
