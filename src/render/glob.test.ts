import assert from "node:assert/strict";
import { test } from "node:test";
import { compileGlob } from "./glob.ts";

const cases: { glob: string; separator?: string; yes: string[]; no: string[] }[] = [
  { glob: "*.yaml", yes: ["a.yaml", "dir/a.yaml"], no: ["a.yml", "a.yaml.bak"] },
  { glob: "{*.yml,*.yaml}", yes: ["a.yml", "b/a.yaml"], no: ["a.json"] },
  { glob: "{config,env-use2}/*", yes: ["config/a", "env-use2/b/c"], no: ["env-usw2/a"] },
  { glob: "**/values.yaml", yes: ["a/values.yaml", "a/b/values.yaml"], no: ["values.yaml"] },
  { glob: "catalog-info.yaml", yes: ["catalog-info.yaml"], no: ["catalog-infoxyaml", "a/catalog-info.yaml"] },
  {
    glob: "https://github.com/*",
    separator: "/",
    yes: ["https://github.com/org"],
    no: ["https://github.com/org/repo"],
  },
  { glob: "https://github.com/**", separator: "/", yes: ["https://github.com/org/repo"], no: ["https://gitlab.com/a"] },
  { glob: "*", separator: "/", yes: ["a", ""], no: ["a/b"] },
  { glob: "?[!a-c]", yes: ["xd"], no: ["xa", "d"] },
  { glob: "[a-c]", yes: ["b"], no: ["d", "-"] },
  { glob: "a\\*b", yes: ["a*b"], no: ["axb"] },
  { glob: "{a,{b,c}}x", yes: ["ax", "bx", "cx"], no: ["x", "dx"] },
  { glob: "a(b)+.c", yes: ["a(b)+.c"], no: ["abb.c"] },
  { glob: "{a", yes: [], no: ["a", "{a"] },
  { glob: "[a", yes: [], no: ["a", "[a"] },
];
for (const { glob, separator, yes, no } of cases) {
  test(`glob ${glob}${separator === undefined ? "" : ` with separator ${separator}`}`, () => {
    const matches = compileGlob(glob, separator);
    assert.deepEqual(
      yes.filter((text) => !matches(text)),
      [],
      "must match",
    );
    assert.deepEqual(no.filter(matches), [], "must not match");
  });
}
