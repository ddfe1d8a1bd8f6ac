import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { fileBytesMax, readArchive } from "./archive.ts";
import { type PackEntry, packArchive } from "./testing/pack.ts";

const pathsIn = (entries: readonly PackEntry[]) => readArchive(packArchive(entries)).map(({ path }) => path);

test("the directory that holds all files is left out, and so are directories and headers", () => {
  const long = `c/${"d/".repeat(60)}file`;
  const record = (key: string, value: string) => {
    const rest = ` ${key}=${value}\n`;
    const length = rest.length + 3;
    return `${length}${rest}`;
  };
  const entries = [
    { name: "c/" },
    { name: "pax", type: "g", bytes: "17 comment=hello\n" },
    { name: "c/Chart.yaml", bytes: "name: c" },
    { name: "c/templates/./a.yaml" },
    { name: "pax", type: "x", bytes: record("path", long) },
    { name: "short" },
    { name: "././@LongLink", type: "L", bytes: `${long}2\0` },
    { name: "short" },
    { name: "c\\win\\b.txt" },
  ];
  const inner = long.slice(2);
  assert.deepEqual(pathsIn(entries), ["Chart.yaml", "templates/a.yaml", inner, `${inner}2`, "win/b.txt"]);
});

test("a byte order mark is taken away", () => {
  const [file] = readArchive(packArchive([{ name: "c/a", bytes: "\ufeffx" }]));
  assert.equal(Buffer.from(file?.bytes ?? []).toString(), "x");
});

const refused: Record<string, [PackEntry[], RegExp]> = {
  "paths that lead out": [[{ name: "c/../../etc/passwd" }], /^chart illegally references parent directory$/],
  "absolute paths": [[{ name: "c//etc/passwd" }], /^chart illegally contains absolute paths$/],
  "files beside the directory": [
    [{ name: "file" }],
    /^chart illegally contains content outside the base directory: "file"$/,
  ],
  "drives of Windows": [[{ name: "c/c:/x" }], /^chart contains illegally named files$/],
  "a chart without a directory": [[{ name: "Chart.yaml/x" }], /^chart yaml not in base directory$/],
  "large files": [
    [{ name: "c/x", bytes: new Uint8Array(fileBytesMax + 1) }],
    /"c\/x" is larger than the maximum file size 5242880$/,
  ],
  nothing: [[], /^no files in chart archive$/],
};

for (const [what, [entries, message]] of Object.entries(refused)) {
  test(`an archive is refused for ${what}`, () => {
    assert.throws(() => readArchive(packArchive(entries)), { name: "ChartError", message });
  });
}

test("what unpacks to more than a chart may have is refused before it is held", () => {
  const bomb = gzipSync(Buffer.alloc(200 * 2 ** 20));
  assert.throws(() => readArchive(bomb), /^ChartError: decompressed chart is larger than the maximum size 104857600$/);
});

test("what is cut off or broken is refused", () => {
  const archive = packArchive([{ name: "c/a", bytes: "x".repeat(2000) }]);
  assert.throws(() => readArchive(Buffer.from("a text of some length")), /gzip: invalid header/);
  assert.throws(() => readArchive(archive.subarray(0, 40)), /unexpected EOF/);
  assert.throws(() => readArchive(gzipSync(Buffer.alloc(700, 7))), /invalid tar header/);
});
