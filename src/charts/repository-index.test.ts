import assert from "node:assert/strict";
import { test } from "node:test";
import { chartUrl, readIndex } from "./repository-index.ts";

const entry = (version: string, indent: string) =>
  `${indent}- version: ${version}\n${indent}  urls: [web-${version}.tgz]\n`;
const indexes: Record<string, string> = {
  "as Helm writes it": `apiVersion: v1\nentries:\n  app:\n${entry("9.0.0", "  ")}  web:\n${entry("1.0.0", "  ")}${entry("2.0.0", "  ")}  web-ui:\n${entry("8.0.0", "  ")}generated: now\n`,
  "with indented lists": `apiVersion: v1\nentries:\n    web:\n${entry("1.0.0", "      ")}${entry("2.0.0", "      ")}    webby:\n${entry("8.0.0", "      ")}`,
  "with the fields in another order": `entries:\n  web:\n${entry("1.0.0", "  ")}\n  # the newest\n${entry("2.0.0", "  ")}apiVersion: v1\n`,
  "with quoted keys": `apiVersion: "v1"\nentries:\n  "web":\n${entry("1.0.0", "  ")}${entry("2.0.0", "  ")}`,
  "with line endings of Windows":
    `apiVersion: v1\nentries:\n  web:\n${entry("1.0.0", "  ")}${entry("2.0.0", "  ")}`.replaceAll("\n", "\r\n"),
  "as JSON": JSON.stringify({
    apiVersion: "v1",
    entries: {
      web: [
        { version: "1.0.0", urls: ["web-1.0.0.tgz"] },
        { version: "2.0.0", urls: ["web-2.0.0.tgz"] },
      ],
    },
  }),
  "in flow style": `apiVersion: v1\nentries: {web: [{version: 1.0.0, urls: [web-1.0.0.tgz]}, {version: 2.0.0, urls: [web-2.0.0.tgz]}]}\n`,
  "with anchors": `apiVersion: v1\nentries:\n  a: &a\n${entry("1.0.0", "  ")}${entry("2.0.0", "  ")}  web: *a\n`,
  "with a key that is a word in quotes": `apiVersion: v1\nentries:\n  "w\\x65b":\n${entry("1.0.0", "  ")}${entry("2.0.0", "  ")}`,
  "with the chart's name in a text": `apiVersion: v1\nentries:\n  app:\n  - version: 1.0.0\n    description: |\n      entries:\n        web:\n  web:\n${entry("1.0.0", "  ")}${entry("2.0.0", "  ")}`,
};
for (const [name, text] of Object.entries(indexes)) {
  test(`an index ${name} is read`, () => {
    const entries = readIndex(text, "web");
    assert.deepEqual(
      entries?.map(({ version }) => version),
      ["2.0.0", "1.0.0"],
    );
    assert.deepEqual(entries?.[0]?.urls, ["web-2.0.0.tgz"]);
    assert.equal(readIndex(text, "nothing"), undefined);
  });
}

test("what is no index is refused in Helm's words", () => {
  assert.throws(() => readIndex("", "web"), { message: "empty index.yaml file" });
  assert.throws(() => readIndex("entries: {}\n", "web"), { message: "no API version specified" });
  assert.throws(() => readIndex("<html>\n<body: {", "web"));
});

const urls: [repository: string, url: string, want: string][] = [
  ["https://example.com/charts", "web-1.0.0.tgz", "https://example.com/charts/web-1.0.0.tgz"],
  ["https://example.com/charts/", "sub/web-1.0.0.tgz", "https://example.com/charts/sub/web-1.0.0.tgz"],
  ["https://example.com/charts", "/web-1.0.0.tgz", "https://example.com/web-1.0.0.tgz"],
  ["https://example.com/charts?token=a", "index.yaml", "https://example.com/charts/index.yaml?token=a"],
  ["https://example.com/charts", "https://other.example.com/web.tgz", "https://other.example.com/web.tgz"],
  ["https://example.com", "../web.tgz", "https://example.com/web.tgz"],
];
for (const [repository, url, want] of urls)
  test(`${url} in ${repository} is ${want}`, () => assert.equal(chartUrl(repository, url), want));
