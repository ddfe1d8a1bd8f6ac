import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { silentLog } from "../lib/index.ts";
import { accessOptions, openServiceAccountIssuer } from "./access.ts";
import { writeAccessFile } from "./access-files.ts";
import { stateDirectory } from "./state-directory.ts";

function openState(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "access-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return stateDirectory("test", { SKIFF_HOME: directory });
}

test("the key of ServiceAccount tokens is made once, for the owner alone", (t) => {
  const state = openState(t);
  const first = openServiceAccountIssuer(state);
  assert.deepEqual(openServiceAccountIssuer(state).keySet, first.keySet);
  assert.equal(statSync(state.serviceAccountKey).mode & 0o077, 0);
  writeFileSync(state.serviceAccountKey, "x");
  assert.throws(() => openServiceAccountIssuer(state), { message: `Cannot use ${state.serviceAccountKey}` });
});

test("nothing is written down and nobody else is trusted unless there is a file that says so", async (t) => {
  const state = openState(t);
  await using parts = new AsyncDisposableStack();
  const options = { issuer: openServiceAccountIssuer(state), log: silentLog };
  const plain = accessOptions(state, parts, options);
  assert.deepEqual([plain.audit, plain.tokenAuthenticators], [undefined, []]);
  writeAccessFile(state, "auditPolicy", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n");
  const issuer = "{issuer: {url: https://a.test, audiences: [x]}, claimMappings: {username: {claim: sub, prefix: ''}}}";
  const config = `apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt: [${issuer}]\n`;
  writeAccessFile(state, "authenticationConfig", config);
  const more = accessOptions(state, parts, options);
  assert.deepEqual([more.audit === undefined, more.tokenAuthenticators?.length], [false, 1]);
  writeAccessFile(state, "auditPolicy", "kind: Policy\n");
  assert.throws(
    () => accessOptions(state, parts, options),
    /^Error: Cannot use .*audit-policy\.yaml: Cannot use the audit/,
  );
});
