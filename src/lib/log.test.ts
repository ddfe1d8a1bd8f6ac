import assert from "node:assert/strict";
import { test } from "node:test";
import { errorText } from "./log.ts";

const cases: Record<string, { error: unknown; want: string }> = {
  "one without a cause": { error: new Error("a"), want: "a" },
  "one with a cause that says more": { error: new Error("a", { cause: new Error("b") }), want: "a: b" },
  "one that says its cause already": {
    error: new Error("Cannot read x: b", { cause: new Error("b", { cause: "c" }) }),
    want: "Cannot read x: b: c",
  },
  "what is no error": { error: 5, want: "5" },
};
for (const [name, { error, want }] of Object.entries(cases)) {
  test(`errorText of ${name}`, () => assert.equal(errorText(error), want));
}
