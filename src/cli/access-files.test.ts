import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { chartTrust, stateDirectory } from "../platform/index.ts";
import { changedFiles, exchangeFiles, readGivenFiles } from "./access-files.ts";
import { CliError } from "./errors.ts";

const policy = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n";

function open(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "access-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "given.yaml");
  return { file, state: stateDirectory("test", { SKIFF_HOME: directory }) };
}

test("a file that is given becomes the platform's, and can be taken away", async (t) => {
  const { file, state } = open(t);
  writeFileSync(file, policy);
  const given = await readGivenFiles({ auditPolicyFile: file });
  const changed = changedFiles(given, state);
  assert.deepEqual([...changed], [["auditPolicy", policy]]);
  const before = exchangeFiles(changed, state);
  assert.equal(readFileSync(state.auditPolicy, "utf8"), policy);
  assert.deepEqual([...changedFiles(given, state)], []);
  exchangeFiles(before, state);
  assert.equal(existsSync(state.auditPolicy), false);

  exchangeFiles(changed, state);
  exchangeFiles(changedFiles(await readGivenFiles({ auditPolicyFile: "" }), state), state);
  assert.equal(existsSync(state.auditPolicy), false);
  assert.deepEqual([...(await readGivenFiles({}))], []);
});

test("a keyring without a key is refused, another one is kept byte for byte", async (t) => {
  const { file, state } = open(t);
  writeFileSync(file, Buffer.from([0xff, 0xfe]));
  await assert.rejects(readGivenFiles({ chartKeyring: file }), /--chart-keyring: /);
  const keyring = Buffer.from([0x99, 0, 0xff]);
  exchangeFiles(new Map([["chartKeyring", keyring.toString("base64")]]), state);
  assert.deepEqual(chartTrust(state).keyring, keyring);
});

const wrong: Record<string, { text?: string; want: RegExp }> = {
  "is not there": { want: /^--authentication-config: ENOENT/ },
  "is another kind": { text: policy, want: /it is a audit\.k8s\.io\/v1 Policy, not an apiserver\.config\.k8s\.io\/v1/ },
};
for (const [name, { text, want }] of Object.entries(wrong)) {
  test(`a file that ${name} is refused before anything happens`, async (t) => {
    const { file } = open(t);
    if (text !== undefined) writeFileSync(file, text);
    await assert.rejects(readGivenFiles({ authenticationConfig: file }), (error) => {
      assert.ok(error instanceof CliError);
      assert.match(error.message, want);
      return true;
    });
  });
}
