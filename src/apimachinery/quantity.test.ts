import assert from "node:assert/strict";
import { test } from "node:test";
import * as quantities from "./quantity.ts";

// What Kubernetes 1.34 returns for each text.
const canonical: Record<string, string> = {
  "0": "0",
  "-0": "0",
  "0m": "0",
  "1000m": "1",
  "0.5": "500m",
  ".5": "500m",
  "1.5": "1500m",
  "1.": "1.",
  "1.000": "1",
  "+1": "+1",
  "00012": "00012",
  "-500m": "-500m",
  "1500": "1500",
  "1000": "1k",
  "1000000": "1M",
  "1100k": "1100k",
  "1.5E": "1500P",
  "1E": "1E",
  "1n": "1n",
  "0.1n": "1n",
  "-0.1n": "-1n",
  "1.0000000001": "1000000001n",
  "1525.422": "1525.422",
  "7.590k": "7.590k",
  "1024": "1024",
  "1024Ki": "1Mi",
  "1000Ki": "1000Ki",
  "1025Mi": "1025Mi",
  "1.5Gi": "1536Mi",
  "-1.5Gi": "-1536Mi",
  "0.5Ki": "512",
  "0.3Ki": "307200m",
  "3.3Mi": "3460300800m",
  "1Pi": "1Pi",
  "16Ei": "9223372036854775807",
  "1e3": "1e3",
  "1E3": "1E3",
  "1e+3": "1e+3",
  "1000e3": "1e6",
  "1.1e3": "1100",
  "5e-1": "500e-3",
  "1e-10": "1e-9",
  "1e20": "100e18",
  "9223372036854775808": "9223372036854775808",
};
for (const [text, expected] of Object.entries(canonical)) {
  test(`canonicalQuantity of ${text} is ${expected}`, () => {
    assert.equal(quantities.canonicalQuantity(text), expected);
    const quantity = quantities.parseQuantity(text);
    const again = quantities.parseQuantity(quantities.formatQuantity(quantity));
    assert.equal(quantities.compareQuantities(quantity, again), 0);
  });
}

const syntax = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffix = "unable to parse quantity's suffix";
const refused: Record<string, string> = {
  "": syntax,
  abc: syntax,
  "1x": syntax,
  " 1": syntax,
  "1 ": syntax,
  "-": syntax,
  ".": syntax,
  "0x10": syntax,
  "1_000": syntax,
  "１": syntax,
  "1e3Ki": syntax,
  "1K": suffix,
  "1ki": suffix,
  "1Kii": suffix,
  "1e": suffix,
  "1ee3": suffix,
  "1e999999999": suffix,
};
for (const [text, message] of Object.entries(refused)) {
  test(`parseQuantity refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => quantities.parseQuantity(text), { name: "StatusError", reason: "BadRequest", message });
  });
}

test("sums and differences are exact and keep the format of the first", () => {
  const calculate = (a: string, b: string) => {
    const [x, y] = [quantities.parseQuantity(a), quantities.parseQuantity(b)];
    return [quantities.addQuantities(x, y), quantities.subtractQuantities(x, y)].map(quantities.formatQuantity);
  };
  assert.deepEqual(calculate("1.5Gi", "512Mi"), ["2Gi", "1Gi"]);
  assert.deepEqual(calculate("1Mi", "1.5"), ["1048577500m", "1048574500m"]);
  assert.deepEqual(calculate("0.1", "0.2"), ["300m", "-100m"]);
  assert.deepEqual(calculate("0", "1Ki"), ["1Ki", "-1Ki"]);
  assert.deepEqual(calculate("1e3", "1.5"), ["1001500e-3", "998500e-3"]);
});

test("compareQuantities compares amounts, not how they are written", () => {
  const compare = (a: string, b: string) =>
    quantities.compareQuantities(quantities.parseQuantity(a), quantities.parseQuantity(b));
  assert.equal(compare("1", "1000m"), 0);
  assert.equal(compare("1Ki", "1024"), 0);
  assert.equal(compare("1Ki", "1k"), 1);
  assert.equal(compare("-1", "1n"), -1);
});

test("quantityUnits rounds away from zero", () => {
  const units = (text: string) => quantities.quantityUnits(quantities.parseQuantity(text));
  assert.deepEqual(["1", "1001m", "1m", "-500m", "-2", "1Ki", "0"].map(units), [1n, 2n, 1n, -1n, -2n, 1024n, 0n]);
});
