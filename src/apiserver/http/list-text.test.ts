import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createGunzip } from "node:zlib";
import { parseYaml, stringifyYaml } from "../../apimachinery/index.ts";
import type { ListText } from "../read/present.ts";
import { canIndent, joined, listText, zipped } from "./list-text.ts";

const objects = [
  { metadata: { name: "a", labels: { x: "1" } }, data: { script: "one\ntwo\nitems: []\n", empty: "" } },
  { metadata: { name: "b" }, list: [], nested: [[1, 2], { deep: [true, null] }] },
];

function listOf(items: readonly object[], field = "items"): ListText {
  const head = `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"${field}":[`;
  // In pieces, as objects that lose their beginning are.
  const pieces = items.map((item) => [Buffer.from("{"), Buffer.from(JSON.stringify(item).slice(1))]);
  return { head, items: pieces, sizeBytes: 0 };
}

const textOf = (list: ListText, format: "plain" | "json" | "yaml") =>
  Buffer.concat([...listText(list, format)]).toString();

for (const items of [objects, objects.slice(0, 1)]) {
  for (const field of ["items", "rows"]) {
    test(`a list of ${items.length} ${field} is the same text made bit by bit as made at once`, () => {
      const value: unknown = JSON.parse(textOf(listOf(items, field), "plain"));
      assert.deepEqual(Reflect.get(Object(value), field), items);
      assert.equal(textOf(listOf(items, field), "json"), JSON.stringify(value, null, 2));
      assert.equal(textOf(listOf(items, field), "yaml"), stringifyYaml(value));
    });
  }
}

test("what is nested too deeply to be indented is written without white space, which is YAML as well", () => {
  let value: unknown = Array.from({ length: 20_000 }, () => 1);
  for (let depth = 0; depth < 900; depth++) value = { a: value };
  assert.ok(!canIndent(value));
  const items = [{ metadata: { name: "deep" }, value }, objects[1] ?? {}];
  for (const format of ["json", "yaml"] as const) {
    const written = textOf(listOf(items), format);
    assert.ok(written.length < 100_000);
    assert.deepEqual(Object(parseYaml(written)).items, items);
  }
});

test("an empty list is valid JSON", () => {
  assert.deepEqual(JSON.parse(textOf(listOf([]), "plain")).items, []);
});

test("small pieces are joined, large ones are not copied", () => {
  const large = Buffer.alloc(300_000);
  const pieces = [...Array.from({ length: 1000 }, () => Buffer.alloc(200)), large, Buffer.alloc(10)];
  const chunks = [...joined(pieces)];
  assert.equal(Buffer.concat(chunks).byteLength, 500_010);
  assert.ok(chunks.includes(large));
  assert.ok(chunks.length < 10);
});

test("a compressed list is made as it is read, and no further when its reader goes", async () => {
  let made = 0;
  const endless = (function* () {
    for (;;) {
      made += 1;
      yield Buffer.alloc(64 * 1024, String(made));
    }
  })();
  for await (const chunk of zipped(endless)) {
    assert.ok(chunk.byteLength > 0);
    break;
  }
  const madeThen = made;
  assert.ok(madeThen < 10_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(made - madeThen < 3, "it goes on without a reader");
  const whole = zipped(joined(listText(listOf(objects), "plain")));
  assert.deepEqual(JSON.parse(await text(Readable.from(whole).pipe(createGunzip()))).items, objects);
});
