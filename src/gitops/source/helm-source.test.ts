import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeCommas, parseKubeVersion } from "./helm-source.ts";

const values: Record<string, string> = {
  plain: "plain",
  "a,b": "a\\,b",
  "a,,b": "a\\,\\,b",
  "a\\,b": "a\\,b",
  "{a,b}": "{a,b}",
  "{a,b},c": "{a\\,b}\\,c",
  ",": "\\,",
};
for (const [value, want] of Object.entries(values)) {
  test(`commas in the parameter ${JSON.stringify(value)}`, () => assert.equal(escapeCommas(value), want));
}

const versions: Record<string, string> = {
  "1.30": "1.30",
  "v1.34.0+skiff": "1.34.0",
  "v1.30.11-eks-1234": "1.30.11",
  "1.2.3.4": "1.2.3.4",
};
for (const [version, want] of Object.entries(versions)) {
  test(`charts are told of ${version} as ${want}`, () => assert.equal(parseKubeVersion(version), want));
}

test("what is no version of Kubernetes is refused in Argo CD's words", () => {
  const message = 'could not parse kubernetes version latest: could not parse "latest" as version';
  assert.throws(() => parseKubeVersion("latest"), new Error(message));
});
