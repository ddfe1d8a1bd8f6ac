import assert from "node:assert/strict";
import { test } from "node:test";
import { CliError } from "../errors.ts";
import type { SourceChoice } from "./find-inputs.ts";
import { checkTemplateFlags, completeTemplateFlags, modeOf, type TemplateFlags } from "./template-flags.ts";

const here = import.meta.dirname;
const file = import.meta.filename;
type Case = { choice?: SourceChoice; flags: Partial<TemplateFlags>; paths?: string[]; says: RegExp | undefined };
const cases: Record<string, Case> = {
  "a path and nothing else": { flags: {}, paths: ["x"], says: undefined },
  "no path": { flags: {}, says: /nothing to read/ },
  "a directory": { flags: { inputDir: [here] }, says: undefined },
  "a file in place of a directory": { flags: { inputDir: [file] }, says: undefined },
  "a file in place of a directory in cnoe-cli's mode": {
    flags: { inputDir: [file], raw: true },
    says: /^inputDir must be a directory$/,
  },
  "a directory that is not there": { flags: { inputDir: [`${here}/gone`] }, says: /^inputDir must be a directory$/ },
  "collapsing without a template": {
    flags: { collapse: true },
    paths: ["x"],
    says: /^templatePath flag must be specified when using the `collapse` flag/,
  },
  "collapsing without a template, raw": { flags: { collapse: true, raw: true }, paths: ["x"], says: undefined },
  "a template that is not there": {
    flags: { templatePath: `${here}/gone` },
    paths: ["x"],
    says: /templatePath must be a file/,
  },
  "a cluster": { flags: { fromCluster: true, group: ["x"], name: "localdev" }, says: undefined },
  "a cluster for modules": {
    choice: "tf",
    flags: { fromCluster: true },
    says: /--from-cluster reads custom resources/,
  },
  "a cluster and a directory": { flags: { fromCluster: true, inputDir: [here] }, says: /exclude each other/ },
  "a context without a cluster": { flags: { context: "x" }, paths: ["x"], says: /are for --from-cluster/ },
  "watching a cluster": { flags: { fromCluster: true, watch: true }, says: /--watch is for files/ },
  "watching standard input": { flags: { watch: true }, paths: ["-"], says: /--watch is for files/ },
  "a type for a template that is given": {
    flags: { templatePath: file, type: "service" },
    paths: ["x"],
    says: /--type is for templates that are made whole/,
  },
  "the schema verbatim in a whole template": {
    flags: { schema: "verbatim" },
    paths: ["x"],
    says: /--schema verbatim needs/,
  },
  "the clean schema in a given template": {
    flags: { schema: "form", templatePath: file },
    paths: ["x"],
    says: undefined,
  },
};
for (const [name, { choice = "crd", flags, paths = [], says }] of Object.entries(cases)) {
  test(`${name} is ${says === undefined ? "taken" : "refused"}`, () => {
    const check = () => checkTemplateFlags(choice, { ...completeTemplateFlags, ...flags }, paths);
    if (says === undefined) return check();
    assert.throws(check, (error) => {
      assert.ok(error instanceof CliError);
      assert.equal(error.exitCode, 2);
      assert.match(error.message, says);
      return true;
    });
  });
}

test("raw wins over the other modes, as in cnoe-cli", () => {
  const mode = (flags: Partial<TemplateFlags>) => modeOf({ ...completeTemplateFlags, ...flags });
  assert.equal(mode({ raw: true, collapse: true, templatePath: "x" }), "raw");
  assert.equal(mode({ collapse: true, templatePath: "x" }), "collapsed");
  assert.equal(mode({ templatePath: "x" }), "insert");
  assert.equal(mode({}), "complete");
});
