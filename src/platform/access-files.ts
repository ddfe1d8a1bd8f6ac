import { readFileSync, rmSync } from "node:fs";
import { writeFileAtomically } from "../lib/index.ts";
import type { StateDirectory } from "./state-directory.ts";

/** Files that say who may come to a platform and what is written down of it; each is there only when a user gave it. */
export type AccessFile = "authenticationConfig" | "auditPolicy";

/**
 * Checks the content of such a file. The code that reads it is loaded here and not before, since few commands need it.
 *
 * @throws {Error} that says all that is wrong with it
 */
export async function checkAccessFile(which: AccessFile, text: string): Promise<void> {
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
