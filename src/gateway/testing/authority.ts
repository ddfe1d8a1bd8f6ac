import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type CertificateAuthority, openCertificateAuthority } from "../certificates/authority.ts";

/** A directory that is gone after the test. */
export async function makeTestDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "skiff-gateway-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A real authority for one test. */
export async function openTestAuthority(t: TestContext): Promise<CertificateAuthority> {
  return await openCertificateAuthority(join(await makeTestDirectory(t), "tls"), { name: "skiff.localhost" });
}
