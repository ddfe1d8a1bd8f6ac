import { isIP } from "node:net";
import { commandLines, planTrust, shellQuote, type TrustedAuthority } from "./plan.ts";
import type { TrustPlatform, TrustSystem } from "./system.ts";

const titles: Readonly<Record<TrustPlatform, string>> = {
  debian: "Debian, Ubuntu, Alpine",
  fedora: "Fedora, RHEL, CentOS",
  arch: "Arch Linux",
  suse: "openSUSE, SLES",
  macos: "macOS",
  other: "This system",
};

/**
 * Explains how programs come to trust the authority, in plain text for a terminal.
 *
 * @param options.platform whose system store is explained; `other` explains all of them
 * @param options.url the platform's address, for what is set per address
 */
export function trustInstructions(options: TrustedAuthority & { platform: TrustPlatform; url: string }): string {
  const { caFile, platform, url } = options;
  const all: TrustPlatform[] = ["debian", "fedora", "arch", "suse", "macos"];
  const stores = (platform === "other" ? all : [platform]).map((each) =>
    section(titles[each], systemLines(options, each)),
  );
  const { host, hostname } = new URL(url);
  // Addresses have no sub-domains.
  const isAddress = isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
  return [
    `The certificate of this platform's own authority is ${caFile}\nIts SHA-256 fingerprint is ${options.fingerprint}`,
    ...stores,
    section("Firefox and Chromium on Linux (they keep their own list; with certutil)", [
      `certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n "Skiff local CA ${options.fingerprint.slice(0, 8)}" -i ${shellQuote(caFile)}`,
      "or in Firefox: Settings › Privacy & Security › Certificates › View Certificates › Authorities › Import",
    ]),
    section("Git, for this platform only", [
      `git config --global http.${origin(url)}/.sslCAInfo ${shellQuote(caFile)}`,
      ...(isAddress ? [] : [`git config --global http.https://*.${host}/.sslCAInfo ${shellQuote(caFile)}`]),
    ]),
    section("curl", [`curl --cacert ${shellQuote(caFile)} ${origin(url)}/`]),
    section("Node.js", [`export NODE_EXTRA_CA_CERTS=${shellQuote(caFile)}`]),
    section("Docker, for a registry on this platform", [
      `sudo install -D -m 0644 ${shellQuote(caFile)} /etc/docker/certs.d/${host}/ca.crt`,
      ...(isAddress ? [] : [`sudo install -D -m 0644 ${shellQuote(caFile)} /etc/docker/certs.d/git.${host}/ca.crt`]),
    ]),
  ].join("\n\n");
}

/** The same commands that an installation runs. */
function systemLines(authority: TrustedAuthority, platform: TrustPlatform): string[] {
  const system: TrustSystem = {
    platform,
    root: false,
    commands: new Set(["update-ca-certificates", "update-ca-trust", "security"]),
    nssDatabases: [],
    rootDirectory: "/",
  };
  const [step] = planTrust("install", authority, system);
  return step === undefined ? [] : commandLines(step);
}

function section(title: string, lines: readonly string[]): string {
  return [`${title}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}

function origin(url: string): string {
  return new URL(url).origin;
}
