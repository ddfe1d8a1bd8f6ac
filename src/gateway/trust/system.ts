import { access, readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** How an operating system keeps the authorities it trusts. */
export type TrustPlatform = "debian" | "fedora" | "arch" | "suse" | "macos" | "other";

/** What has to be known of a machine to say how it comes to trust a certificate. */
export type TrustSystem = {
  platform: TrustPlatform;
  /** Whether this process may write to the system's own store. */
  root: boolean;
  /** Tools that are installed, by name. */
  commands: ReadonlySet<string>;
  /** Databases of NSS, the library of Firefox and, on Linux, of Chromium. */
  nssDatabases: readonly string[];
  /** Below what directory files are written; `/`, another one in tests and images. */
  rootDirectory: string;
};

const tools = ["update-ca-certificates", "update-ca-trust", "security", "certutil"] as const;

/**
 * Looks at the machine.
 *
 * @param options.rootDirectory where its files are, `/` by default
 * @param options.home of the user, whose browsers are looked for
 */
export async function inspectSystem(
  options: { rootDirectory?: string; home?: string; path?: string; os?: NodeJS.Platform; uid?: number } = {},
): Promise<TrustSystem> {
  const rootDirectory = options.rootDirectory ?? "/";
  const path = options.path ?? process.env["PATH"] ?? "";
  // Administrators' tools are in places that the PATH of users may lack.
  const directories = [...path.split(delimiter), "/usr/sbin", "/sbin"].filter((directory) => directory !== "");
  const found = await Promise.all(
    tools.map(async (tool) => {
      const there = await Promise.all(directories.map((directory) => exists(join(rootDirectory, directory, tool))));
      return there.includes(true) ? [tool] : [];
    }),
  );
  return {
    platform: await detectPlatform(options.os ?? process.platform, rootDirectory),
    root: (options.uid ?? process.getuid?.()) === 0,
    commands: new Set(found.flat()),
    nssDatabases: await findNssDatabases(options.home ?? homedir()),
    rootDirectory,
  };
}

async function detectPlatform(os: NodeJS.Platform, rootDirectory: string): Promise<TrustPlatform> {
  if (os === "darwin") return "macos";
  if (os !== "linux") return "other";
  const release = await readFile(join(rootDirectory, "etc/os-release"), "utf8").catch(() => "");
  return parseOsRelease(release);
}

/** Reads `ID` and `ID_LIKE` of an os-release file; the system itself goes before what it resembles. */
export function parseOsRelease(text: string): TrustPlatform {
  const value = (key: string) => new RegExp(`^${key}=["']?([^"'\n]*)`, "m").exec(text)?.[1]?.split(/\s+/) ?? [];
  const families: Readonly<Record<string, TrustPlatform>> = {
    debian: "debian",
    ubuntu: "debian",
    alpine: "debian",
    fedora: "fedora",
    rhel: "fedora",
    centos: "fedora",
    arch: "arch",
    suse: "suse",
    opensuse: "suse",
  };
  for (const id of [...value("ID"), ...value("ID_LIKE")]) {
    const family = families[id] ?? families[id.split("-", 1)[0] ?? ""];
    if (family !== undefined) return family;
  }
  return "other";
}

async function findNssDatabases(home: string): Promise<string[]> {
  const profiles = [
    ".mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    "Library/Application Support/Firefox/Profiles",
  ];
  const inProfiles = await Promise.all(
    profiles.map(async (profile) => {
      const entries = await readdir(join(home, profile)).catch(() => []);
      return entries.map((entry) => join(home, profile, entry));
    }),
  );
  const candidates = [join(home, ".pki/nssdb"), join(home, "snap/chromium/current/.pki/nssdb"), ...inProfiles.flat()];
  const there = await Promise.all(candidates.map((directory) => exists(join(directory, "cert9.db"))));
  return candidates.filter((_, index) => there[index] === true);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
