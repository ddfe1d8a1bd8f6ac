import assert from "node:assert/strict";
import { test } from "node:test";
import { firstParagraph } from "./readme.ts";

const cases: Record<string, { markdown: string; says: string | undefined }> = {
  "below a heading": { markdown: "# Title\n\nWhat it\nis.\n\nMore.", says: "What it is." },
  "right below a heading": { markdown: "# Title\nWhat it is.\n", says: "What it is." },
  "below an underlined heading": { markdown: "Title\n=====\n\nWhat it is.\n", says: "What it is." },
  "after badges and pictures": {
    markdown: "# T\n\n[![Build](b.svg)](https://x) ![logo](l.png)\n\n<p align=center>\n<img>\n</p>\n\nWhat it is.",
    says: "What it is.",
  },
  "without links and emphasis": {
    markdown: "A **big** [module](x.md) for `aws_vpc` <br/> of [one][1].",
    says: "A big module for aws_vpc of one.",
  },
  "after comments, front matter and code": {
    markdown: "---\ntitle: x\n---\n<!-- a\n\nb -->\n```hcl\nmodule {\n\n}\n```\n\nWhat it is.",
    says: "What it is.",
  },
  "after lists, tables and quotes": {
    markdown: "- a\n- b\n\n| a |\n|---|\n\n> q\n\n1. x\n\nWhat it is.",
    says: "What it is.",
  },
  "with Windows' line ends": { markdown: "# T\r\n\r\nWhat it\r\nis.\r\n\r\nMore.", says: "What it is." },
  "in no README": { markdown: "# Title\n\n## More\n", says: undefined },
  "in an empty README": { markdown: "", says: undefined },
};
for (const [name, { markdown, says }] of Object.entries(cases)) {
  test(`the first paragraph is found ${name}`, () => assert.equal(firstParagraph(markdown), says));
}
