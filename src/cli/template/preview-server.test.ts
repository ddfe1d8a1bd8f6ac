import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type HttpRequest, readBody, textOf } from "../../lib/index.ts";
import { CliError } from "../errors.ts";
import { type PreviewSource, previewHandler, startPreviewServer } from "./preview-server.ts";

const source: PreviewSource = {
  forms: () => ({ templates: [], problems: ["none"] }),
  result: async (template, answers) => ({
    files: [{ path: template, content: JSON.stringify(answers) }],
    skipped: [],
    problems: [],
  }),
};

function newPage(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "skiff-page-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ["form-page.html", "form-page.js", "form-page.css"]) writeFileSync(join(folder, name), name);
  return folder;
}

function askPage(folder: string, listeners = new Set<() => void>()) {
  const handler = previewHandler(source, { folder, listeners });
  return async (method: string, target: string, rest: Partial<HttpRequest> = {}) => {
    const headers = { host: "127.0.0.1:1234", ...rest.headers };
    const signal = rest.signal ?? new AbortController().signal;
    return await handler({ method, target, ...rest, headers, signal });
  };
}

test("the page and its parts are served, with a policy that lets nothing in from elsewhere", async (t) => {
  const ask = askPage(newPage(t));
  for (const [target, body] of [
    ["/", "form-page.html"],
    ["/form-page.js?x", "form-page.js"],
    ["/form-page.css", "form-page.css"],
  ] as const) {
    const response = await ask("GET", target);
    assert.equal(response.status, 200);
    assert.equal(response.body, body);
    assert.match(String(response.headers["content-security-policy"]), /^default-src 'none'; script-src 'self'/);
  }
  assert.equal((await ask("GET", "/form")).body, '{"templates":[],"problems":["none"]}');
  for (const target of ["/gone", "/../package.json", "/constructor", "/form-page.html"])
    assert.equal((await ask("GET", target)).status, 404);
  assert.equal((await ask("PUT", "/")).status, 405);
});

test("answers are JSON of a bounded size, and what goes wrong with them is shown", async (t) => {
  const ask = askPage(newPage(t));
  const json = { headers: { "content-type": "application/json" } };
  const post = async (body: string, rest: Partial<HttpRequest> = json) =>
    await ask("POST", "/result", { ...rest, body: Buffer.from(body) });
  assert.equal(
    (await post('{"template":"a","answers":{"b":1}}')).body,
    '{"files":[{"path":"a","content":"{\\"b\\":1}"}],"skipped":[],"problems":[]}',
  );
  assert.equal((await post('{"template":"a"}')).status, 400);
  assert.match(String((await post("{")).body), /"problems":\["/);
  assert.equal((await post(`"${"x".repeat(5 * 2 ** 20)}"`)).status, 413);
  assert.equal((await post("{}", { headers: { "content-type": "text/plain" } })).status, 405);
  assert.equal((await ask("GET", "/result")).status, 405);
});

test("a page of another site that gives this address a name is refused", async (t) => {
  const ask = askPage(newPage(t));
  assert.equal((await ask("GET", "/form", { headers: { host: "attacker.example:1234" } })).status, 403);
  assert.equal((await ask("GET", "/form", { headers: { host: "localhost:1234" } })).status, 200);
});

test("windows are told of changes until they are gone", async (t) => {
  const listeners = new Set<() => void>();
  const controller = new AbortController();
  const { body } = await askPage(newPage(t), listeners)("GET", "/events", { signal: controller.signal });
  assert.ok(typeof body === "object" && Symbol.asyncIterator in body);
  const events = body[Symbol.asyncIterator]();
  await events.next();
  for (const tell of listeners) tell();
  assert.equal((await events.next()).value, "event: change\ndata:\n\n");
  const last = events.next();
  controller.abort();
  assert.equal((await last).done, true);
  assert.equal(listeners.size, 0);
});

test("a server answers on the port that it names, and a page that was not built is said to be none", async (t) => {
  const folder = newPage(t);
  await using server = await startPreviewServer(source, { port: 0, folder });
  const response = await fetch(`${server.url}form`);
  assert.equal(
    textOf(await readBody(Buffer.from(await response.arrayBuffer()), 1000)),
    '{"templates":[],"problems":["none"]}',
  );
  const port = Number(new URL(server.url).port);
  await assert.rejects(startPreviewServer(source, { port, folder }), /Cannot serve the preview on port \d+/);
  rmSync(join(folder, "form-page.js"));
  await assert.rejects(
    startPreviewServer(source, { port: 0, folder }),
    (error) => error instanceof CliError && error.code === "no-form-page",
  );
});
