import { test } from "node:test";
import { compareWithHelm, helm, type RenderCase } from "./support/compare-with-helm.ts";

const start = "apiVersion: v2\nname: c\nversion: 1.0.0\n";

/** Charts of a few files, each for one thing. A text alone is the Chart.yaml of a chart that prints what it says. */
type Small = string | { files: Record<string, string>; options?: RenderCase };

const print = "v: {{ .Chart | toJson | quote }}\n";
const printValues = 'v: {{ .Values | toJson | quote }}\nt: {{ printf "%#v" .Values | quote }}\n';

const metadata: Record<string, Small> = {
  "an empty Chart.yaml": "",
  "only a name": "name: c",
  "no API version": "name: c\nversion: 1\n",
  "an API version that nobody knows": "apiVersion: v9\nname: c\nversion: 1.0.0\n",
  "an API version that is a list": "apiVersion: [v2]\nname: c\nversion: 1.0.0\n",
  "no name": "apiVersion: v2\nversion: 1.0.0\n",
  "a name with a slash": "apiVersion: v2\nname: a/b\nversion: 1.0.0\n",
  "a name of dots": 'apiVersion: v2\nname: ".."\nversion: 1.0.0\n',
  "no version": "apiVersion: v2\nname: c\n",
  "a version with letters": "apiVersion: v2\nname: c\nversion: one\n",
  "a version with a leading zero": "apiVersion: v2\nname: c\nversion: 01.2.3\n",
  "a version with a v": "apiVersion: v2\nname: c\nversion: v1.2\n",
  "a type that nobody knows": `${start}type: service\n`,
  "a library": `${start}type: library\n`,
  "an application": `${start}type: application\n`,
  "a list": "- a\n",
  "a text": "hello\n",
  "broken YAML": `${start}a: b: c\n`,
  "names in capital letters": "APIVERSION: v2\nName: c\nVERSION: 1.0.0\nAppVersion: 3\n",
  "numbers and truth values in place of texts": `${start}appVersion: 1.50\ndescription: true\nhome: 0x1F\nicon: 1e3\nkeywords: [1, null, no]\n`,
  "maintainers that are a text": `${start}maintainers: me\n`,
  "a maintainer that is a text": `${start}maintainers: [me]\n`,
  "a maintainer whose name is a list": `${start}maintainers: [{name: [me]}]\n`,
  "no maintainer": `${start}maintainers: [null]\n`,
  "annotations that are no texts": `${start}annotations: {a: {b: c}}\n`,
  "deprecated as a text": `${start}deprecated: "true"\n`,
  "a kubeVersion that is too new": `${start}kubeVersion: ">=2.0.0"\n`,
  "a kubeVersion that is none": `${start}kubeVersion: "new"\n`,
  "no dependency": `${start}dependencies: [null]\n`,
  "dependencies that are a map": `${start}dependencies: {a: b}\n`,
  "tags that are a text": `${start}dependencies: [{name: d, version: 1, tags: x}]\n`,
  "an alias with a dot": `${start}dependencies: [{name: d, version: 1, alias: a.b}]\n`,
  "two dependencies of one name": `${start}dependencies: [{name: d, version: 1}, {name: e, alias: d, version: 1}]\n`,
  "dependencies that are missing": `${start}dependencies: [{name: d, version: 1}, {name: e, version: 1, alias: f}]\n`,
  "a lock that is broken": { files: { "Chart.yaml": start, "Chart.lock": "generated: [\n" } },
  "values that are broken": { files: { "Chart.yaml": start, "values.yaml": "a: b\n c: d\n" } },
  "values that are a list": { files: { "Chart.yaml": start, "values.yaml": "- a\n" } },
  "values of several documents": { files: { "Chart.yaml": start, "values.yaml": "a: 1\n--- # more\nb: |\n  x" } },
  "requirements of the second format": { files: { "Chart.yaml": start, "requirements.yaml": "dependencies: []\n" } },
  "a rule of .helmignore that is refused": { files: { "Chart.yaml": start, ".helmignore": "a/**\n" } },
  "a rule of .helmignore that is broken": { files: { "Chart.yaml": start, ".helmignore": "[a\n" } },
  "a .helmignore that leaves out all but some": { files: { "Chart.yaml": start, ".helmignore": "!Chart.yaml\n" } },
  "a .helmignore that leaves out Chart.yaml": { files: { "Chart.yaml": start, ".helmignore": "Chart.*\n" } },
  "a chart inside without Chart.yaml": { files: { "Chart.yaml": start, "charts/d/values.yaml": "" } },
  "a chart inside that is broken": { files: { "Chart.yaml": start, "charts/d/Chart.yaml": "name: d\n" } },
  "an archive inside that is none": { files: { "Chart.yaml": start, "charts/d-1.tgz": "text" } },
  "a file beside the charts inside": { files: { "Chart.yaml": start, "charts/README.md": "text" } },
  "a template that is malformed": { files: { "Chart.yaml": start, "templates/a.yaml": "{{ if }}" } },
  "a function that nobody knows": { files: { "Chart.yaml": start, "templates/a.yaml": "{{ nope }}" } },
  "a value that is required": {
    files: { "Chart.yaml": start, "templates/a.yaml": '{{ required "give x" .Values.x }}' },
  },
  "a template that fails in another one": {
    files: {
      "Chart.yaml": start,
      "templates/_h.tpl": '{{ define "h" }}{{ tpl .Values.t . }}{{ end }}',
      "templates/a.yaml": '\n  {{ include "h" . }}',
      "values.yaml": "t: '{{ .Values.x.y }}'\n",
    },
  },
  "no value in an output": {
    files: { "Chart.yaml": start, "templates/a.yaml": "a: {{ .Values.x }}{{ nil | quote }}\n" },
  },
  "separators that lost their line break": {
    files: { "Chart.yaml": start, "templates/a.yaml": "---\n---a: 1\n\n\n--- \n\t\n---\n\nb: 2\n---\n" },
  },
};

/** Arguments of `--set` and of its like, each for all of them. */
const settings = [
  ..."a=1 a a= a=1, =1 .a=1 a.b.c=1 a..b=1 a.=1 a.b a.b= a[0]=1 a[2]=x a[0].b=1,a[0].c=2 a[0][1]=z a[-1]=1 a[x]=1".split(
    " ",
  ),
  ..."a[]=1 a[1 a[0] a[0]x=1 a[0]. a[0].b a[0].b= a={1,2,x} a={} a={1 a={1,2}b=3 a={1},b=2 a\\.b=1 a=b\\,c a\\=b=1".split(
    " ",
  ),
  ..."a=b=c a={x\\,y} a=\\ a\\ a=1,a.b=2 base.s.x=1 base.s[0]=1 base.a=null base.list[1].k=w base.list[5]=z base.n.x=1".split(
    " ",
  ),
  ..."a[65536]=1 a[65537]=1 a[99999999999999999999]=1 a=9223372036854775807,b=9223372036854775808 a=true,b=FALSE".split(
    " ",
  ),
  ..."a=0,b=00,c=0x1,d=-5,e=+5,f=-0,g=1.5,h=1e3 a[1].b={x} a[0].b[1].c=3,a[0].b[0]=2 a={{1}} a== a,=1 global.x=1".split(
    " ",
  ),
  "a= 1, b=2",
  "é=ü",
  `x${".y".repeat(30)}=1`,
  `x${".y".repeat(31)}=1`,
];
const json = [
  ...'a=1 a={"b":1} a=[1,2],b={"c":null} a=null a= a=,b=1 a=tru a={"b":1 a.b=1,c=2 a[0]={"x":1} {"a":{"b":2}} {"a":1'.split(
    " ",
  ),
  ...'a=1b a={"x":"}"} a={"b":1}c=2 a=- a=01 a=1. base.list=[3] a=1e400 a=9007199254740993 base={"a":2}'.split(" "),
  'a=1 , b="x y"',
  '{"a":1} x',
];

/** Schemas with values, each for every version that a schema may say it follows. */
const drafts = [
  "http://json-schema.org/draft-04/schema#",
  "http://json-schema.org/draft-06/schema#",
  "http://json-schema.org/draft-07/schema#",
  "https://json-schema.org/draft/2019-09/schema",
  "https://json-schema.org/draft/2020-12/schema",
];
const formats =
  "email uri date-time ipv4 ipv6 hostname uuid regex date time duration json-pointer uri-reference uri-template semver period";
const schemas: [schema: Record<string, unknown>, values: string][] = [
  [
    { type: "object", required: ["a", "b"], additionalProperties: false, properties: { a: { type: "string" } } },
    "{a: 1, c: 2}",
  ],
  [{ type: "nope" }, "{a: 1}"],
  [{ properties: { a: { minLength: -1 } } }, "{a: 1}"],
  [{ properties: { a: { pattern: "(" } } }, "{a: x}"],
  [{ properties: { a: { $ref: "#/definitions/x", type: "string" } }, definitions: { x: { minimum: 5 } } }, "{a: 1}"],
  [{ properties: { a: { $ref: "#/lost/x" } } }, "{a: 1}"],
  [{ properties: { a: { $ref: "#lost" } } }, "{a: 1}"],
  [{ properties: { a: { $ref: "#/other/x" } }, other: { x: { type: "integer" } } }, "{a: x}"],
  [{ $ref: "#" }, "{a: 1}"],
  [{ anyOf: [{ required: ["b"] }, { properties: { a: { type: "string" } } }] }, "{a: 1}"],
  [{ oneOf: [{ required: ["a"] }, { required: ["b"] }] }, "{a: 1, b: 1}"],
  [{ not: { required: ["a"] } }, "{a: 1}"],
  // biome-ignore lint/suspicious/noThenProperty: a keyword of schemas.
  [{ if: { required: ["a"] }, then: { required: ["b"] }, else: { required: ["c"] } }, "{a: 1}"],
  [{ properties: { l: { items: { type: "string" }, minItems: 2, uniqueItems: true } } }, "{l: [1]}"],
  [{ properties: { l: { items: [{ type: "string" }], additionalItems: false } } }, "{l: [a, 1, 2]}"],
  [{ properties: { l: { prefixItems: [{ type: "string" }], items: { type: "integer" } } } }, "{l: [1, b]}"],
  [{ properties: { l: { contains: { type: "string" }, minContains: 2, maxContains: 2 } } }, "{l: [a, b, c]}"],
  [{ propertyNames: { pattern: "^[a-z]+$" } }, "{A1: 1}"],
  [{ dependencies: { a: ["b"], c: { required: ["d"] } } }, "{a: 1, c: 1}"],
  [{ dependentRequired: { a: ["b"] }, dependentSchemas: { a: { required: ["z"] } } }, "{a: 1}"],
  [{ unevaluatedProperties: false, allOf: [{ properties: { a: {} } }] }, "{a: 1, b: 1}"],
  [{ properties: { a: { minimum: 5, exclusiveMinimum: true } } }, "{a: 5}"],
  [{ properties: { a: { exclusiveMaximum: 3000, multipleOf: 0.1 } } }, "{a: 123456.75}"],
  [{ properties: { a: { const: { x: 1 } }, b: { enum: [1, "x", null] } } }, "{a: 1, b: 2}"],
  [{ properties: { a: { maxLength: 1000, minLength: 1e3 } } }, "{a: x}"],
  [
    {
      $id: "https://example.com/s.json",
      properties: { a: { $ref: "s.json#/definitions/x" } },
      definitions: { x: { type: "null" } },
    },
    "{a: 1}",
  ],
  [{ $recursiveAnchor: true, properties: { a: { $recursiveRef: "#" } }, additionalProperties: false }, "{a: {b: 1}}"],
  [{ $dynamicAnchor: "n", properties: { a: { $dynamicRef: "#n" } }, additionalProperties: false }, "{a: {b: 1}}"],
  [
    { properties: Object.fromEntries(formats.split(" ").map((format) => [format, { format }])) },
    `{${formats.split(" ").map((format) => `${format}: "[/~2\\\\"`)}}`,
  ],
];

function compare(small: Small): Promise<void> {
  const { files, options } = typeof small === "string" ? { files: { "Chart.yaml": small }, options: undefined } : small;
  const all = { "templates/print.yaml": print, ...files };
  return compareWithHelm(new Map(Object.entries(all).map(([path, content]) => [path, Buffer.from(content)])), options);
}

const setup = { skip: helm === undefined, concurrency: 2, timeout: 300_000 };

test("charts are accepted and refused as Helm does", setup, async (t) => {
  await Promise.all(Object.entries(metadata).map(([name, small]) => t.test(name, () => compare(small))));
});

test("settings are read as Helm reads them", setup, async (t) => {
  const files = {
    "Chart.yaml": start,
    "values.yaml": "base: {a: 1, list: [x, {k: v}], s: str, n: null}\n",
    "templates/print.yaml": printValues,
  };
  const flags = { set: settings, setString: settings, setLiteral: settings, setJson: json };
  const cases = Object.entries(flags).flatMap(([flag, texts]) => texts.map((text) => ({ flag, text })));
  await Promise.all(
    cases.map(({ flag, text }) => {
      return t.test(`${flag} ${text}`, () => compare({ files, options: { values: { [flag]: [text] } } }));
    }),
  );
});

test("values are held against schemas as Helm does", setup, async (t) => {
  const all = schemas.flatMap(([schema, values]) => [
    { schema, values },
    ...drafts.map(($schema) => ({ schema: { $schema, ...schema }, values })),
  ]);
  await Promise.all(
    all.map(({ schema, values }) => {
      const json = JSON.stringify(schema);
      const files = { "Chart.yaml": start, "values.yaml": values, "values.schema.json": json };
      return t.test(json, () => compare({ files }));
    }),
  );
});
