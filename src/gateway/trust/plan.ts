import { join } from "node:path";
import type { TrustPlatform, TrustSystem } from "./system.ts";

/** One thing to do to the machine. */
export type TrustAction =
  | { do: "copy"; from: string; to: string }
  | { do: "remove"; path: string }
  | { do: "run"; argv: readonly string[] };

/** What to do with one store of trusted authorities, or why nothing is done. */
export type TrustStep = { store: string } & (
  | { state: "planned"; actions: TrustAction[]; needsRoot: boolean }
  | { state: "skipped"; why: string }
);

/** The authority, as stores are told about it. */
export type TrustedAuthority = {
  /** Its certificate, PEM. */
  caFile: string;
  /** SHA-256 of the certificate, hex without colons; it tells authorities of the same name apart. */
  fingerprint: string;
};

/**
 * Says what makes this machine trust the authority, or forget it. Nothing is touched.
 *
 * @returns a step for the system's own store, then one for each NSS database, or one that says why there is none
 */
export function planTrust(
  action: "install" | "uninstall",
  authority: TrustedAuthority,
  system: TrustSystem,
): TrustStep[] {
  return [systemStep(action, authority, system), ...nssSteps(action, authority, system)];
}

/** What to type instead, line by line, by somebody who may. */
export function commandLines(step: TrustStep): string[] {
  if (step.state === "skipped") return [];
  return step.actions.map((action) => `${step.needsRoot ? "sudo " : ""}${commandLine(action)}`);
}

/** A word as a shell takes it literally. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function commandLine(action: TrustAction): string {
  switch (action.do) {
    case "copy":
      return `install -D -m 0644 ${shellQuote(action.from)} ${shellQuote(action.to)}`;
    case "remove":
      return `rm -f ${shellQuote(action.path)}`;
    case "run":
      return action.argv.map(shellQuote).join(" ");
  }
}

/** Where a system looks for authorities that its administrator adds, and what makes it look again. */
const systemStores: Readonly<
  Partial<Record<TrustPlatform, { directory: string; extension: string; refresh: string[] }>>
> = {
  debian: { directory: "usr/local/share/ca-certificates", extension: "crt", refresh: ["update-ca-certificates"] },
  fedora: { directory: "etc/pki/ca-trust/source/anchors", extension: "pem", refresh: ["update-ca-trust", "extract"] },
  arch: { directory: "etc/ca-certificates/trust-source/anchors", extension: "pem", refresh: ["update-ca-trust"] },
  suse: { directory: "etc/pki/trust/anchors", extension: "pem", refresh: ["update-ca-certificates"] },
};

function systemStep(action: "install" | "uninstall", authority: TrustedAuthority, system: TrustSystem): TrustStep {
  const { caFile, fingerprint } = authority;
  const store = "system";
  if (system.platform === "macos") return keychainStep(action, authority, system);
  const known = systemStores[system.platform];
  if (known === undefined) {
    return {
      store,
      state: "skipped",
      why: `it is not known where this system keeps its authorities; add ${caFile} by hand`,
    };
  }
  const [tool = ""] = known.refresh;
  if (!system.commands.has(tool)) {
    return { store, state: "skipped", why: `${tool} is not installed (package ca-certificates)` };
  }
  const path = join(system.rootDirectory, known.directory, `skiff-${fingerprint.slice(0, 8)}.${known.extension}`);
  // Debian keeps links to certificates that are gone unless it is told to start afresh.
  const fresh = action === "uninstall" && tool === "update-ca-certificates" ? ["--fresh"] : [];
  const file: TrustAction = action === "install" ? { do: "copy", from: caFile, to: path } : { do: "remove", path };
  return {
    store,
    state: "planned",
    needsRoot: true,
    actions: [file, { do: "run", argv: [...known.refresh, ...fresh] }],
  };
}

function keychainStep(action: "install" | "uninstall", authority: TrustedAuthority, system: TrustSystem): TrustStep {
  const store = "system keychain";
  if (!system.commands.has("security")) return { store, state: "skipped", why: "the command security was not found" };
  const keychain = "/Library/Keychains/System.keychain";
  const argv =
    action === "install"
      ? ["security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k", keychain, authority.caFile]
      : ["security", "delete-certificate", "-Z", authority.fingerprint.toUpperCase(), "-t", keychain];
  return { store, state: "planned", needsRoot: true, actions: [{ do: "run", argv }] };
}

function nssSteps(action: "install" | "uninstall", authority: TrustedAuthority, system: TrustSystem): TrustStep[] {
  const store = "Firefox and Chromium (NSS)";
  if (system.nssDatabases.length === 0) {
    return [{ store, state: "skipped", why: "no certificate database of a browser was found in the home directory" }];
  }
  if (!system.commands.has("certutil")) {
    const why =
      "certutil is not installed (package libnss3-tools on Debian and Ubuntu, nss-tools on Fedora, nss on Arch and Homebrew)";
    return [{ store, state: "skipped", why }];
  }
  const nickname = `Skiff local CA ${authority.fingerprint.slice(0, 8)}`;
  return system.nssDatabases.map((directory) => {
    const database = ["certutil", "-d", `sql:${directory}`];
    const argv =
      action === "install"
        ? [...database, "-A", "-t", "C,,", "-n", nickname, "-i", authority.caFile]
        : [...database, "-D", "-n", nickname];
    return { store: directory, state: "planned", needsRoot: false, actions: [{ do: "run", argv }] };
  });
}
