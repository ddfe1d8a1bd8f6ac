import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatLabelSelector,
  type LabelSelectorObject,
  matchesLabels,
  parseLabelSelector,
  selectorFromObject,
} from "./selectors.ts";

// Each selector, its canonical text, label sets that match and that do not. Texts were checked against k8s.io/apimachinery v0.34.
const cases: [text: string, canonical: string, yes: object[], no: object[]][] = [
  ["", "", [{}, { a: "b" }], []],
  ["  ", "", [{}], []],
  ["a=b", "a=b", [{ a: "b", c: "d" }], [{}, { a: "c" }, { b: "b" }]],
  ["a == b", "a==b", [{ a: "b" }], [{ a: "" }]],
  ["a!=b", "a!=b", [{}, { a: "c" }], [{ a: "b" }]],
  ["a", "a", [{ a: "" }, { a: "b" }], [{}, { b: "a" }]],
  ["! a", "!a", [{}, { b: "" }], [{ a: "" }]],
  ["a=", "a=", [{ a: "" }], [{}, { a: "b" }]],
  ["a!=", "a!=", [{}, { a: "b" }], [{ a: "" }]],
  ["a in (c, b,b)", "a in (b,c)", [{ a: "b" }, { a: "c" }], [{}, { a: "d" }]],
  ["a in ()", "a in ()", [{ a: "" }], [{}, { a: "b" }]],
  ["a in (b,)", "a in (,b)", [{ a: "" }, { a: "b" }], [{ a: "c" }]],
  ["a in (,,c)", "a in (,c)", [{ a: "" }, { a: "c" }], []],
  ["a notin(b)", "a notin (b)", [{}, { a: "c" }], [{ a: "b" }]],
  ["in in (in,notin)", "in in (in,notin)", [{ in: "notin" }], [{ in: "x" }]],
  ["notin=in", "notin=in", [{ notin: "in" }], [{}]],
  ["a>5", "a>5", [{ a: "6" }, { a: "10" }], [{}, { a: "5" }, { a: "x" }]],
  ["a < 1", "a<1", [{ a: "-2" }, { a: "0" }], [{ a: "1" }]],
  ["z=1,!c,b in (x),a!=y", "a!=y,b in (x),!c,z=1", [{ z: "1", b: "x" }], [{ z: "1", b: "x", c: "" }, { z: "1" }]],
  ["example.com/a-b_c.D=E1", "example.com/a-b_c.D=E1", [{ "example.com/a-b_c.D": "E1" }], [{}]],
  ["a\t=\n b", "a=b", [{ a: "b" }], [{}]],
];
for (const [text, canonical, yes, no] of cases) {
  test(`parseLabelSelector of ${JSON.stringify(text)}`, () => {
    const selector = parseLabelSelector(text);
    assert.equal(formatLabelSelector(selector), canonical);
    assert.deepEqual(parseLabelSelector(canonical), selector);
    for (const labels of yes) assert.ok(matchesLabels(selector, { ...labels }), JSON.stringify(labels));
    for (const labels of no) assert.ok(!matchesLabels(selector, { ...labels }), JSON.stringify(labels));
  });
}

const operators = "in, notin, =, ==, !=, gt, lt";
const label =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const notInteger = "for 'Gt', 'Lt' operators, the value must be an integer";
const refused: Record<string, string> = {
  ",a": "found ',', expected: !, identifier, or 'end of string'",
  "=b": "found '=', expected: !, identifier, or 'end of string'",
  "a,": "found '', expected: identifier after ','",
  "a,,b": "found ',', expected: identifier after ','",
  "a=b=c": "found '=', expected: ',' or 'end of string'",
  "a in (b))": "found ')', expected: ',' or 'end of string'",
  "!a=b": "found '=', expected: ',' or 'end of string'",
  "!a in (b)": "found 'in', expected: ',' or 'end of string'",
  "!": "unable to parse requirement: found '', expected: identifier",
  "!!a": "unable to parse requirement: found '!', expected: identifier",
  "a===b": "unable to parse requirement: found '=', expected: identifier",
  "a=(b)": "unable to parse requirement: found '(', expected: identifier",
  "a b": `unable to parse requirement: found 'b', expected: ${operators}`,
  "a !b": `unable to parse requirement: found '!', expected: ${operators}`,
  "a in": "unable to parse requirement: found '' expected: '('",
  "a in b": "unable to parse requirement: found 'b' expected: '('",
  "a in (": "unable to parse requirement: found '', expected: ',', ')' or identifier",
  "a in (=)": "unable to parse requirement: found '=', expected: ',', ')' or identifier",
  "a in (b": "unable to parse requirement: found '', expected: ',' or ')'",
  "a in (b c)": "unable to parse requirement: found 'c', expected: ',' or ')'",
  "a>x": `unable to parse requirement: values[0]: Invalid value: "x": ${notInteger}`,
  "/a=b": 'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty',
  "a=-b": `unable to parse requirement: values[0][a]: Invalid value: "-b": ${label}`,
  "a in (-b,c,-d)": `unable to parse requirement: [values[0][a]: Invalid value: "-b": ${label}, values[2][a]: Invalid value: "-d": ${label}]`,
};
for (const [text, message] of Object.entries(refused)) {
  test(`parseLabelSelector refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseLabelSelector(text), { name: "StatusError", reason: "BadRequest", message });
  });
}

const objects: [selector: LabelSelectorObject | null | undefined, yes: object[], no: object[]][] = [
  [undefined, [], [{}, { a: "b" }]],
  [null, [], [{}]],
  [{}, [{}, { a: "b" }], []],
  [{ matchLabels: { a: "b", c: "" } }, [{ a: "b", c: "" }], [{ a: "b" }]],
  [{ matchExpressions: [{ key: "a", operator: "In", values: ["b", "c"] }] }, [{ a: "c" }], [{}, { a: "d" }]],
  [{ matchExpressions: [{ key: "a", operator: "NotIn", values: ["b"] }] }, [{}, { a: "d" }], [{ a: "b" }]],
  [{ matchExpressions: [{ key: "a", operator: "Exists" }] }, [{ a: "" }], [{}]],
  [{ matchExpressions: [{ key: "a", operator: "DoesNotExist", values: null }] }, [{}], [{ a: "" }]],
  [
    { matchLabels: { a: "b" }, matchExpressions: [{ key: "c", operator: "Exists" }] },
    [{ a: "b", c: "" }],
    [{ a: "b" }, { c: "" }],
  ],
];
for (const [object, yes, no] of objects) {
  test(`selectorFromObject of ${JSON.stringify(object)}`, () => {
    const selector = selectorFromObject(object);
    for (const labels of yes) assert.ok(matchesLabels(selector, { ...labels }), JSON.stringify(labels));
    for (const labels of no) assert.ok(!matchesLabels(selector, { ...labels }), JSON.stringify(labels));
  });
}

test("selectorFromObject refuses what is not valid", () => {
  const expression = (operator: string, values: string[]) => ({ matchExpressions: [{ key: "a", operator, values }] });
  const messages: [LabelSelectorObject, string][] = [
    [expression("Gt", ["1"]), '"Gt" is not a valid label selector operator'],
    [expression("In", []), "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty"],
    [
      expression("Exists", ["x"]),
      'values: Invalid value: ["x"]: values set must be empty for exists and does not exist',
    ],
    [{ matchLabels: { a: "-b" } }, `values[0][a]: Invalid value: "-b": ${label}`],
  ];
  for (const [object, message] of messages)
    assert.throws(() => selectorFromObject(object), { reason: "BadRequest", message });
});

test("labels that are not there are no labels, whatever they are called", () => {
  assert.ok(!matchesLabels(parseLabelSelector("toString"), {}));
  assert.ok(!matchesLabels(parseLabelSelector("a"), undefined));
  assert.ok(matchesLabels(parseLabelSelector("!a"), undefined));
});
