import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { errorText } from "../../lib/index.ts";
import { commandLines, planTrust, type TrustAction, type TrustedAuthority } from "./plan.ts";
import { inspectSystem, type TrustSystem } from "./system.ts";

/** What has become of one store of trusted authorities. */
export type TrustOutcome = { store: string } & (
  | { state: "done" }
  /** Nothing to do here. */
  | { state: "skipped"; why: string }
  /** It takes an administrator. The commands do it. */
  | { state: "needs-root"; commands: string[] }
  | { state: "failed"; why: string; commands: string[] }
);

export type TrustOptions = {
  /** The authority's certificate, PEM. */
  caFile: string;
  /** This machine unless told otherwise. */
  system?: TrustSystem;
  /** Runs a command and throws when it fails; the real one by default. */
  run?: (argv: readonly string[]) => Promise<void>;
};

/** A tool that waits for a password nobody types must not hold up everything. */
const commandTimeoutMs = 60_000;

/** Makes this machine trust the authority, as far as this user may; one outcome per store. Doing it twice does no harm. */
export async function installTrust(options: TrustOptions): Promise<TrustOutcome[]> {
  return await change("install", options);
}

/** Takes back what {@link installTrust} did. */
export async function uninstallTrust(options: TrustOptions): Promise<TrustOutcome[]> {
  return await change("uninstall", options);
}

async function change(action: "install" | "uninstall", options: TrustOptions): Promise<TrustOutcome[]> {
  const system = options.system ?? (await inspectSystem());
  const run = options.run ?? runCommand;
  const authority = await readTrustedAuthority(options.caFile);
  const outcomes: TrustOutcome[] = [];
  for (const step of planTrust(action, authority, system)) {
    const { store } = step;
    if (step.state === "skipped") {
      outcomes.push({ store, state: "skipped", why: step.why });
      continue;
    }
    if (step.needsRoot && !system.root) {
      outcomes.push({ store, state: "needs-root", commands: commandLines(step) });
      continue;
    }
    try {
      for (const part of step.actions) await perform(part, run);
      outcomes.push({ store, state: "done" });
    } catch (error) {
      outcomes.push({ store, state: "failed", why: errorText(error), commands: commandLines(step) });
    }
  }
  return outcomes;
}

/**
 * Reads what the stores are told about an authority.
 *
 * @param caFile its certificate, PEM
 */
export async function readTrustedAuthority(caFile: string): Promise<TrustedAuthority> {
  try {
    const certificate = new X509Certificate(await readFile(caFile));
    return { caFile, fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase() };
  } catch (cause) {
    throw new Error(`Cannot read the certificate of the authority in ${caFile}`, { cause });
  }
}

async function perform(action: TrustAction, run: (argv: readonly string[]) => Promise<void>): Promise<void> {
  switch (action.do) {
    case "copy":
      await mkdir(dirname(action.to), { recursive: true });
      await copyFile(action.from, action.to);
      return await chmod(action.to, 0o644);
    case "remove":
      return await rm(action.path, { force: true });
    case "run":
      return await run(action.argv);
  }
}

async function runCommand([command = "", ...args]: readonly string[]): Promise<void> {
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  try {
    await promisify(execFile)(command, args, { timeout: commandTimeoutMs, env: { ...process.env, PATH: path } });
  } catch (cause) {
    const stderr = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
    throw new Error(`Cannot run ${command}${stderr === "" ? "" : `: ${stderr}`}`, { cause });
  }
}
