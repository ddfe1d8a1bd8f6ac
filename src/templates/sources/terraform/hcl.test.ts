import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { SourceError } from "../../definition.ts";
import { hclBytesMax, parseHcl } from "./hcl.ts";

async function faultOf(text: string): Promise<SourceError> {
  const error: unknown = await parseHcl("modules/net/main.tf", text).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof SourceError, `expected a SourceError, got ${String(error)}`);
  return error;
}

test("HCL becomes Terraform's JSON syntax", async () => {
  const content = await parseHcl(
    "main.tf",
    'variable "a" {\n  type = list(string)\n  default = ["x", "$${y}", -2]\n}\n',
  );
  assert.deepEqual(content, { variable: { a: [{ type: "${list(string)}", default: ["x", "$${y}", -2] }] } });
});

const faults: Record<string, { text: string; line: number; column: number; says: RegExp }> = {
  "a block without its end": {
    text: 'variable "name" {\n  default = "x"\n',
    line: 1,
    column: 17,
    says: /Unclosed configuration block: There is no closing brace for this block/,
  },
  "two arguments on a line": {
    text: "a = 1 b = 2\n",
    line: 1,
    column: 7,
    says: /^modules\/net\/main\.tf:1:7: Missing newline after argument: An argument definition must end with a newline$/,
  },
  "an argument given twice": {
    text: "a = 1\n\na = 2\n",
    line: 3,
    column: 1,
    says: /The argument "a" was already set at modules\/net\/main\.tf:1,1-2/,
  },
  "characters that HCL does not have": { text: "a = 1\nb = 2 ¤ 3\n", line: 2, column: 7, says: /Invalid character/ },
  "brackets that are part of what it says": { text: "a = foo(1]\n", line: 1, column: 10, says: /./ },
};
for (const [name, { text, line, column, says }] of Object.entries(faults)) {
  test(`HashiCorp's words and the place are told for ${name}`, async () => {
    const fault = await faultOf(text);
    assert.match(fault.message, says);
    assert.deepEqual([fault.file, fault.line, fault.column], ["modules/net/main.tf", line, column]);
  });
}

test("the first mistake leads and the others follow with their places", async () => {
  const fault = await faultOf("a = 1\na = 2\nb = foo(");
  assert.equal(fault.line, 2);
  assert.match(
    fault.message,
    /^modules\/net\/main\.tf:2:1: Attribute redefined: .*; modules\/net\/main\.tf:3:9: Missing expression: /,
  );
});

test("of thousands of mistakes some are told, and how many more there are", async () => {
  const fault = await faultOf("a = 1\n".repeat(3000));
  assert.match(fault.message, /; 2989 more$/);
  assert.ok(fault.message.length < 4000);
});

test("a text that overflows the parser's stack is refused, and the next one is read", async () => {
  for (const text of [`a = ${"(".repeat(20_000)}`, "a {\n".repeat(20_000), `a = ${'"${'.repeat(20_000)}`]) {
    const fault = await faultOf(text);
    assert.match(fault.message, /nests blocks or expressions too deeply to be read/);
    assert.ok(fault.line !== undefined && fault.column !== undefined);
    assert.deepEqual(await parseHcl("next.tf", "a = 1\n"), { a: 1 });
  }
});

test("a file longer than any module has is refused before it is parsed", async () => {
  const fault = await faultOf(`# ${"x".repeat(hclBytesMax)}\n`);
  assert.match(fault.message, /has 1048579 bytes, more than the 1048576 that are read/);
});

test("texts asked for at once are all answered", async () => {
  const texts = Array.from({ length: 50 }, (_, index) => `a = ${index}\n`);
  const contents = await Promise.all(texts.map((text, index) => parseHcl(`${index}.tf`, text)));
  assert.deepEqual(
    contents.map((content) => content["a"]),
    texts.map((_, index) => index),
  );
});

test("a process that has parsed ends by itself, and has no Go runtime in its global scope", async () => {
  const code = `
    const { parseHcl } = await import(${JSON.stringify(new URL("./hcl.ts", import.meta.url).href)});
    await parseHcl("a.tf", "a = 1\\n");
    await parseHcl("a.tf", "a = (".padEnd(40000, "(")).catch(() => undefined);
    await parseHcl("a.tf", "a = 1\\n");
    console.log(["Go", "__parse_terraform_config_wasm__"].filter((name) => name in globalThis).join());
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const kill = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [status] = await once(child, "close");
  clearTimeout(kill);
  assert.equal(status, 0);
  assert.equal(Buffer.concat(chunks).toString(), "\n");
});
