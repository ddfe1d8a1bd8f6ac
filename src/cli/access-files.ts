import { readFileSync } from "node:fs";
import { errorText } from "../lib/index.ts";
import {
  type AccessFile,
  checkAccessFile,
  readAccessFile,
  type StateDirectory,
  writeAccessFile,
} from "../platform/index.ts";
import { CliError } from "./errors.ts";

/** What the flags say about the files that a platform may be given; what is not said stays as it is. */
export type AccessFlags = { authenticationConfig?: string; auditPolicyFile?: string; chartKeyring?: string };

/** Contents by file, checked; an empty one takes the file away. */
export type AccessFiles = ReadonlyMap<AccessFile, string>;

/** @throws {CliError} for a file that cannot be read or used */
export async function readGivenFiles(flags: AccessFlags): Promise<AccessFiles> {
  const given: [AccessFile, string, string | undefined][] = [
    ["authenticationConfig", "--authentication-config", flags.authenticationConfig],
    ["auditPolicy", "--audit-policy-file", flags.auditPolicyFile],
    ["chartKeyring", "--chart-keyring", flags.chartKeyring],
  ];
  const files = new Map<AccessFile, string>();
  for (const [which, flag, path] of given) {
    if (path === undefined) continue;
    try {
      const text = path === "" ? "" : readFileSync(path, which === "chartKeyring" ? "base64" : "utf8");
      if (text !== "") await checkAccessFile(which, text);
      files.set(which, text);
    } catch (error) {
      throw new CliError("usage", { why: `${flag}: ${errorText(error)}`, command: "skiff create" }, { cause: error });
    }
  }
  return files;
}

/** Those whose content is another than the platform's. */
export function changedFiles(files: AccessFiles, state: StateDirectory): AccessFiles {
  return new Map([...files].filter(([which, text]) => readAccessFile(state, which) !== text));
}

/** Gives a platform its files. @returns what it had in their place */
export function exchangeFiles(files: AccessFiles, state: StateDirectory): AccessFiles {
  const before = new Map([...files.keys()].map((which) => [which, readAccessFile(state, which)] as const));
  for (const [which, text] of files) writeAccessFile(state, which, text);
  return before;
}
