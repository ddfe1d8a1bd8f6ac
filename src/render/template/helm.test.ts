import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Helm 4.1.4, which `scripts` takes out of the development dependencies. */
const helm = fileURLToPath(new URL("../../../.cache/bin/helm", import.meta.url));

const expressions: { values: string; cases: { template: string; output?: string }[] } = JSON.parse(
  readFileSync(new URL("testdata/expressions.json", import.meta.url), "utf8"),
);

/** Those whose result names the file, depends on the build of Helm, or changes what others see. */
const unfit = /\.Template|HelmVersion|\.Files|\bset\b|\bunset\b|merge|define|block|\.Chart\b|tpl/;

test("the outputs that we keep are those of the real Helm", { skip: !existsSync(helm) }, async () => {
  const cases = expressions.cases.filter(({ template, output }) => output !== undefined && !unfit.test(template));
  assert.ok(cases.length > 200);
  const directory = await mkdtemp(join(tmpdir(), "skiff-helm-"));
  try {
    const templates = join(directory, "chart", "templates");
    await mkdir(templates, { recursive: true });
    await writeFile(join(directory, "chart", "Chart.yaml"), "{apiVersion: v2, name: chart, version: 1.2.3}");
    await writeFile(join(directory, "chart", "values.yaml"), expressions.values);
    // Each expression is a file of its own, and its output one entry of a ConfigMap.
    const entries = cases.map((_case, index) => {
      return `  k${index}: {{ include "chart/templates/_${index}.tpl" . | replace "<no value>" "" | b64enc | quote }}`;
    });
    const head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:";
    await writeFile(join(templates, "x.yaml"), [head, ...entries, ""].join("\n"));
    for (const [index, { template }] of cases.entries()) await writeFile(join(templates, `_${index}.tpl`), template);
    const options = { env: { HOME: directory }, timeout: 60_000, maxBuffer: 16 * 2 ** 20 };
    const { stdout } = await run(helm, ["template", "rel", join(directory, "chart"), "-n", "ns"], options);
    for (const [index, { template, output }] of cases.entries()) {
      const encoded = new RegExp(`^  k${index}: "(.*)"$`, "m").exec(stdout)?.[1] ?? "";
      assert.equal(Buffer.from(encoded, "base64").toString(), output, template);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
