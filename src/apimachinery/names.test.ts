import assert from "node:assert/strict";
import { test } from "node:test";
import * as names from "./names.ts";

const ends = "and must start and end with an alphanumeric character";
const subdomain =
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${ends} (e.g. 'example.com', ` +
  "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label =
  `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${ends} (e.g. 'my-name',  or '123-abc', ` +
  "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const dns1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an " +
  "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const qualified =
  `must consist of alphanumeric characters, '-', '_' or '.', ${ends} (e.g. 'MyName',  or 'my.name',  or '123-abc', ` +
  "regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const value =
  `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${ends} (e.g. 'MyValue',  or ` +
  "'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

type Case = [validate: (name: string) => string[], name: string, problems: string[]];

// Expected texts were computed with k8s.io/apimachinery v0.34.
const cases: Case[] = [
  [names.validateSubdomain, "a", []],
  [names.validateSubdomain, "1.example-x.com", []],
  [names.validateSubdomain, "a".repeat(253), []],
  [names.validateSubdomain, "a".repeat(254), ["must be no more than 253 characters"]],
  [names.validateSubdomain, "", [subdomain]],
  [names.validateSubdomain, "A", [subdomain]],
  [names.validateSubdomain, "a..b", [subdomain]],
  [names.validateSubdomain, "-a", [subdomain]],
  [names.validateSubdomain, "a\n", [subdomain]],
  [names.validateLabel, "kube-system", []],
  [names.validateLabel, "a.b", ["must not contain dots"]],
  [names.validateLabel, "a_b", [label]],
  [names.validateLabel, "x".repeat(64), ["must be no more than 63 characters"]],
  [names.validateDns1035Label, "web-1", []],
  [names.validateDns1035Label, "1web", [dns1035]],
  [names.validatePathSegment, "system:node", []],
  [names.validatePathSegment, "..", ["may not be '..'"]],
  [names.validatePathSegment, "a/b%c", ["may not contain '/'", "may not contain '%'"]],
  [names.validateQualifiedName, "app", []],
  [names.validateQualifiedName, "app.kubernetes.io/My_Name.1", []],
  [names.validateQualifiedName, "-a", [`name part ${qualified}`]],
  [names.validateQualifiedName, "/a", ["prefix part must be non-empty"]],
  [names.validateQualifiedName, "a/", ["name part must be non-empty", `name part ${qualified}`]],
  [names.validateQualifiedName, "A/b", [`prefix part ${subdomain}`]],
  [names.validateQualifiedName, "x".repeat(64), ["name part must be no more than 63 characters"]],
  [
    names.validateQualifiedName,
    "a/b/c",
    [`a qualified name ${qualified} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`],
  ],
  [names.validateLabelValue, "", []],
  [names.validateLabelValue, "v1.2_3-x", []],
  [names.validateLabelValue, "a b", [value]],
  [names.validateConfigKey, ".dockerconfigjson", []],
  [names.validateConfigKey, "..", ["must not be '..'"]],
  [names.validateConfigKey, "..a", ["must not start with '..'"]],
  [
    names.validateConfigKey,
    "a/b",
    [
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  ],
  [names.validateEnvironmentName, "MY_VAR", []],
  [
    names.validateEnvironmentName,
    "1A",
    [
      "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')",
    ],
  ],
  [names.validatePortName, "http", []],
  [names.validatePortName, "80", ["must contain at least one letter (a-z)"]],
  [names.validatePortName, "a--b", ["must not contain consecutive hyphens"]],
  [names.validatePortName, "-a", ["must not begin or end with a hyphen"]],
  [names.validatePortName, "a".repeat(16), ["must be no more than 15 characters"]],
  [
    names.validatePortName,
    "A",
    [
      "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
      "must contain at least one letter (a-z)",
    ],
  ],
];
for (const [validate, name, problems] of cases) {
  test(`${validate.name} of ${JSON.stringify(name)}`, () => assert.deepEqual(validate(name), problems));
}

test("validation of a long name takes no time that grows with its square", () => {
  const started = performance.now();
  for (const name of ["a.".repeat(500_000), "a-".repeat(500_000), "a".repeat(1_000_000)]) {
    for (const [validate] of cases) validate(`${name}!`);
  }
  assert.ok(performance.now() - started < 20_000);
});

test("generateName adds five characters and keeps to 63", () => {
  assert.equal(
    names.generateName("web-", () => 0),
    "web-bbbbb",
  );
  assert.equal(
    names.generateName("web-", () => 0.9999999),
    "web-99999",
  );
  assert.equal(names.generateName("x".repeat(70), () => 0).length, 63);
  const suffixes = new Set(Array.from({ length: 100 }, () => names.generateName("", Math.random)));
  assert.ok(suffixes.size > 90);
  for (const suffix of suffixes) assert.match(suffix, /^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});
