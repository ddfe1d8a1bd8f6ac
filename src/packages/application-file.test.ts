import assert from "node:assert/strict";
import { test } from "node:test";
import { parseApplicationFile } from "./application-file.ts";

const application = (name: string, namespace?: string) => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: ${name}
${namespace === undefined ? "" : `  namespace: ${namespace}\n`}spec: {}
`;

test("every Application of a file counts, and argocd is where they live unless they say otherwise", () => {
  const { applications, problems } = parseApplicationFile(
    "a.yaml",
    `${application("one")}---\n${application("two", "team")}`,
  );
  assert.deepEqual(
    applications.map(({ namespace, name }) => `${namespace}/${name}`),
    ["argocd/one", "team/two"],
  );
  assert.deepEqual(problems, []);
});

test("broken YAML is an error that names file and line", () => {
  const { applications, problems } = parseApplicationFile("/p/a.yaml", "apiVersion: v1\nkind: [\nmetadata: {}\n");
  assert.deepEqual(applications, []);
  assert.match(problems[0]?.message ?? "", /^\/p\/a\.yaml:\d+/);
  assert.equal(problems[0]?.severity, "error");
});

test("a manifest of another kind is a warning with its line, and does not hide the Application beside it", () => {
  const { applications, problems } = parseApplicationFile(
    "a.yaml",
    `${application("one")}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n`,
  );
  assert.equal(applications.length, 1);
  assert.equal(problems[0]?.severity, "warning");
  assert.match(problems[0]?.message ?? "", /^a\.yaml:7: v1 ConfigMap is not an Argo CD Application/);
});

test("what is no manifest at all is an error", () => {
  for (const content of [
    "just text\n",
    "- a\n- b\n",
    "kind: Application\n",
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {}\n",
  ]) {
    assert.equal(parseApplicationFile("a.yaml", content).problems[0]?.severity, "error", content);
  }
});
