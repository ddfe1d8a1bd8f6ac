import { readFileSync, rmSync } from "node:fs";
import { writeFileAtomically } from "../lib/index.ts";
import type { StateDirectory } from "./state-directory.ts";

/**
 * Files that say who may come to a platform, what is written down of it, and whose charts it trusts, the last one in base64; each
 * is there only when a user gave it.
 */
export type AccessFile = "authenticationConfig" | "auditPolicy" | "chartKeyring";

/**
 * Checks the content of such a file. The code that reads it is loaded here and not before, since few commands need it.
 *
 * @throws {Error} that says all that is wrong with it
 */
export async function checkAccessFile(which: AccessFile, text: string): Promise<void> {
  if (which === "chartKeyring") {
    const { readKeyring } = await import("../charts/index.ts");
    if (readKeyring(Buffer.from(text, "base64")).length === 0) throw new Error("it has no key that may sign");
    return;
  }
  const { parseAuditPolicy, parseAuthenticationConfig, serviceAccountIssuer } = await import("../apiserver/index.ts");
  if (which === "auditPolicy") parseAuditPolicy(text);
  else parseAuthenticationConfig(text, [serviceAccountIssuer]);
}

/** @returns the content of such a file; empty when there is none */
export function readAccessFile(state: StateDirectory, which: AccessFile): string {
  try {
    return readFileSync(state[which], "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

/** @param text empty takes the file away */
export function writeAccessFile(state: StateDirectory, which: AccessFile, text: string): void {
  if (text === "") rmSync(state[which], { force: true });
  else writeFileAtomically(state[which], text);
}

/** Whose signatures on charts a platform trusts, as chart stores are told. */
export function chartTrust(state: StateDirectory): { keyring?: Uint8Array } {
  const keyring = readAccessFile(state, "chartKeyring");
  return keyring === "" ? {} : { keyring: Buffer.from(keyring, "base64") };
}
