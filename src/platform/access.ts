import { existsSync, readFileSync } from "node:fs";
import {
  type ApiServerOptions,
  createServiceAccountIssuer,
  generateServiceAccountKey,
  oidcTokens,
  openAuditLog,
  parseAuditPolicy,
  parseAuthenticationConfig,
  type ServiceAccountIssuer,
} from "../apiserver/index.ts";
import { errorText, type Log, writeFileAtomically } from "../lib/index.ts";
import { type AccessFile, readAccessFile } from "./access-files.ts";
import type { StateDirectory } from "./state-directory.ts";

/** Opens the key that signs ServiceAccount tokens. Made once: with another one no token would be known any more. */
export function openServiceAccountIssuer({ serviceAccountKey: file }: StateDirectory): ServiceAccountIssuer {
  if (!existsSync(file)) writeFileAtomically(file, generateServiceAccountKey());
  const privateKey = readFileSync(file, "utf8");
  try {
    return createServiceAccountIssuer({ privateKey });
  } catch (cause) {
    throw new Error(`Cannot use ${file}`, { cause });
  }
}

/** kube-apiserver's own size for a log; five old ones fill half a gigabyte of a developer's disk. */
const auditLogBytesMax = 100 * 2 ** 20;
const auditLogBackupsMax = 5;

/** How the API server knows users, and what it writes down of their requests, by the files in the state directory. */
export function accessOptions(
  state: StateDirectory,
  parts: AsyncDisposableStack,
  options: { issuer: ServiceAccountIssuer; log: Log },
): Pick<ApiServerOptions, "serviceAccountIssuer" | "tokenAuthenticators" | "anonymous" | "audit"> {
  const { issuer, log } = options;
  const audiences = [issuer.url];
  const now = () => new Date();
  const config = readWith(state, "authenticationConfig", (text) => parseAuthenticationConfig(text, audiences));
  const policy = readWith(state, "auditPolicy", parseAuditPolicy);
  const openSink = () => {
    const [sizeBytesMax, backupsMax] = [auditLogBytesMax, auditLogBackupsMax];
    return parts.use(openAuditLog({ file: state.auditLog, sizeBytesMax, backupsMax, log }));
  };
  return {
    serviceAccountIssuer: issuer,
    tokenAuthenticators: (config?.jwt ?? []).map((jwt) => oidcTokens(jwt, { audiences, now, log })),
    ...(config?.anonymous === undefined ? {} : { anonymous: config.anonymous }),
    ...(policy === undefined ? {} : { audit: { policy, sink: openSink() } }),
  };
}

/** @returns `undefined` when there is no such file */
function readWith<T>(state: StateDirectory, which: AccessFile, parse: (text: string) => T): T | undefined {
  const text = readAccessFile(state, which);
  if (text === "") return undefined;
  try {
    return parse(text);
  } catch (cause) {
    throw new Error(`Cannot use ${state[which]}: ${errorText(cause)}`, { cause });
  }
}
