// Runs the tests with node:test. `--slow` runs the suites that CI adds; file names after it narrow the run.
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binary } from "../test/support/binaries.ts";

const args = process.argv.slice(2);
const slow = args.includes("--slow");
const named = args.filter((arg) => !arg.startsWith("-"));
const pattern = slow
  ? ["test/**/*.slow.ts", "test/render/*.conformance.ts"]
  : ["src/**/*.test.ts", "test/**/*.test.ts"];
const files = named.length > 0 ? named : globSync(pattern).sort();
if (files.length === 0) {
  console.error(`No test matches ${pattern.join(" ")}`);
  process.exit(1);
}

// Tests must not see or touch the user's files: HOME and KUBECONFIG point into a folder that is removed at the end.
const home = mkdtempSync(join(tmpdir(), "skiff-test-"));
const env: NodeJS.ProcessEnv = {
  ...process.env,
  HOME: home,
  KUBECONFIG: join(home, "kubeconfig"),
  GIT_CONFIG_NOSYSTEM: "1",
  // Unpacked once, here, and not by every test that needs them.
  SKIFF_KUBECTL: binary("kubectl"),
  SKIFF_HELM: binary("helm"),
};
// These would override the authority that a test names.
for (const name of ["GIT_SSL_CAINFO", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"]) delete env[name];
const flags = ["--disable-warning=ExperimentalWarning", "--test", "--test-timeout=120000", "--test-concurrency=2"];
const result = spawnSync(process.execPath, [...flags, ...files], { stdio: "inherit", env });
rmSync(home, { recursive: true, force: true });
process.exit(result.status ?? 1);
