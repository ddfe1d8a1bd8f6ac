import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadTemplates, pagesOf, templatesOf } from "./load-templates.ts";

const template = (spec: string) =>
  `apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: x}\nspec: ${spec}\n`;

function newTree(t: TestContext, files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "skiff-load-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), content);
  }
  return root;
}

test("templates are found below a directory, each with the files beside and below it", (t) => {
  const root = newTree(t, {
    "a/template.yaml": template("{parameters: [{title: A}]}"),
    "a/skeleton/deep/file.yaml": "x",
    "b/template.yaml": template("{parameters: {title: B}}"),
    "b/catalog-info.yaml": "kind: Component\n",
    "c.yaml": "kind: Other\n",
  });
  const { templates, problems } = loadTemplates(root, 2);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    templates.map(({ file, files }) => [file.slice(root.length + 1), [...files.keys()].sort()]),
    [
      ["a/template.yaml", ["skeleton/deep/file.yaml", "template.yaml"]],
      ["b/template.yaml", ["catalog-info.yaml", "template.yaml"]],
    ],
  );
  assert.deepEqual(templates.flatMap(pagesOf), [{ title: "A" }, { title: "B" }]);
});

test("a file that is named is the only template, with the files beside it", (t) => {
  const root = newTree(t, { "one.yaml": template("{}"), "two.yaml": template("{}"), "skeleton/x": "" });
  const { templates } = loadTemplates(join(root, "one.yaml"), 0);
  assert.deepEqual(
    templates.map(({ file }) => file),
    [join(root, "one.yaml")],
  );
  assert.deepEqual([...(templates[0]?.files.keys() ?? [])], ["one.yaml", "skeleton/x", "two.yaml"]);
});

test("placeholders bring files of the template's directory, and nothing from elsewhere", () => {
  const files = [
    {
      path: "t/template.yaml",
      content: template("{parameters: [{$yaml: resources/a.yaml}, {$yaml: ../b.yaml}], text: {$text: note.txt}}"),
    },
    { path: "t/resources/a.yaml", content: "title: A\n" },
    { path: "t/note.txt", content: "hello" },
    { path: "b.yaml", content: "title: B\n" },
  ];
  const [found] = templatesOf(files, "out").templates;
  assert.equal(found?.file, "out/t/template.yaml");
  assert.deepEqual(found?.object["spec"], { parameters: [{ title: "A" }, { $yaml: "../b.yaml" }], text: "hello" });
});

test("a broken template is named with its place", (t) => {
  const root = newTree(t, { "template.yaml": "apiVersion: scaffolder.backstage.io/v1beta3\nkind: [\n" });
  assert.match(loadTemplates(root, 0).problems[0]?.message ?? "", /template\.yaml:\d+:\d+: /);
});
