import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { makeTestDirectory, openTestAuthority } from "../testing/authority.ts";
import { installTrust, readTrustedAuthority, uninstallTrust } from "./install.ts";
import { trustInstructions } from "./instructions.ts";
import { commandLines, planTrust, type TrustStep } from "./plan.ts";
import { inspectSystem, parseOsRelease, type TrustPlatform, type TrustSystem } from "./system.ts";

const authority = { caFile: "/home/me/.skiff/a b/ca.crt", fingerprint: `0123abcd${"ef".repeat(28)}` };
const everything = new Set(["update-ca-certificates", "update-ca-trust", "security", "certutil"]);
const system: TrustSystem = {
  platform: "debian",
  root: true,
  commands: everything,
  nssDatabases: [],
  rootDirectory: "/",
};

const plans: { platform: TrustPlatform; install: string[]; uninstall: string[] }[] = [
  {
    platform: "debian",
    install: [
      "sudo install -D -m 0644 '/home/me/.skiff/a b/ca.crt' /usr/local/share/ca-certificates/skiff-0123abcd.crt",
      "sudo update-ca-certificates",
    ],
    uninstall: [
      "sudo rm -f /usr/local/share/ca-certificates/skiff-0123abcd.crt",
      "sudo update-ca-certificates --fresh",
    ],
  },
  {
    platform: "fedora",
    install: [
      "sudo install -D -m 0644 '/home/me/.skiff/a b/ca.crt' /etc/pki/ca-trust/source/anchors/skiff-0123abcd.pem",
      "sudo update-ca-trust extract",
    ],
    uninstall: ["sudo rm -f /etc/pki/ca-trust/source/anchors/skiff-0123abcd.pem", "sudo update-ca-trust extract"],
  },
  {
    platform: "macos",
    install: [
      "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain '/home/me/.skiff/a b/ca.crt'",
    ],
    uninstall: [
      `sudo security delete-certificate -Z ${authority.fingerprint.toUpperCase()} -t /Library/Keychains/System.keychain`,
    ],
  },
];
for (const { platform, install, uninstall } of plans) {
  test(`on ${platform} the system's store is changed with its own means`, () => {
    const lines = (action: "install" | "uninstall") =>
      planTrust(action, authority, { ...system, platform }).flatMap(commandLines);
    assert.deepEqual(lines("install"), install);
    assert.deepEqual(lines("uninstall"), uninstall);
  });
}

test("each browser database gets the authority under a name of its own", () => {
  const steps = planTrust("install", authority, { ...system, nssDatabases: ["/home/me/.pki/nssdb"] });
  assert.deepEqual(steps.slice(1).flatMap(commandLines), [
    "certutil -d sql:/home/me/.pki/nssdb -A -t C,, -n 'Skiff local CA 0123abcd' -i '/home/me/.skiff/a b/ca.crt'",
  ]);
});

const skipped: Record<string, { system: TrustSystem; why: RegExp }> = {
  "the tool is not installed": {
    system: { ...system, commands: new Set() },
    why: /update-ca-certificates is not installed/,
  },
  "the system is not known": { system: { ...system, platform: "other" }, why: /add .*ca\.crt by hand/ },
};
for (const [name, { system, why }] of Object.entries(skipped)) {
  test(`nothing is done and the reason is given when ${name}`, () => {
    const [step] = planTrust("install", authority, system);
    assert.ok(step?.state === "skipped");
    assert.match(step.why, why);
  });
}

test("browsers are left alone without certutil", () => {
  const [, step] = planTrust("install", authority, { ...system, commands: new Set(), nssDatabases: ["/x"] });
  assert.ok(step?.state === "skipped");
  assert.match(step.why, /libnss3-tools/);
});

const releases: Record<string, TrustPlatform> = {
  'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n': "debian",
  'ID=linuxmint\nID_LIKE="ubuntu debian"\n': "debian",
  'ID="rocky"\nID_LIKE="rhel centos fedora"\n': "fedora",
  "ID=arch\n": "arch",
  'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n': "suse",
  "ID=plan9\n": "other",
  "": "other",
};
for (const [text, platform] of Object.entries(releases)) {
  test(`an os-release of ${JSON.stringify(text.split("\n")[0])} is ${platform}`, () => {
    assert.equal(parseOsRelease(text), platform);
  });
}

/** A machine below a directory, with empty files for tools. */
async function makeMachine(t: TestContext, files: Record<string, string>) {
  const rootDirectory = await makeTestDirectory(t);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(rootDirectory, path)), { recursive: true });
    await writeFile(join(rootDirectory, path), text);
  }
  return rootDirectory;
}

test("a machine is looked at: system, tools, browsers", async (t) => {
  const rootDirectory = await makeMachine(t, {
    "etc/os-release": "ID=fedora\n",
    "usr/sbin/update-ca-trust": "",
    "usr/bin/certutil": "",
    "home/me/.pki/nssdb/cert9.db": "",
    "home/me/.mozilla/firefox/abc.default/cert9.db": "",
    "home/me/.mozilla/firefox/profiles.ini": "",
  });
  const home = join(rootDirectory, "home/me");
  assert.deepEqual(await inspectSystem({ rootDirectory, home, path: "/usr/bin:/bin", os: "linux", uid: 1000 }), {
    platform: "fedora",
    root: false,
    commands: new Set(["update-ca-trust", "certutil"]),
    nssDatabases: [join(home, ".pki/nssdb"), join(home, ".mozilla/firefox/abc.default")],
    rootDirectory,
  } satisfies TrustSystem);
});

test("installing as root copies the certificate and runs the tool, uninstalling takes both back", async (t) => {
  const { caCertificateFile: caFile, caCertificatePem } = await openTestAuthority(t);
  const rootDirectory = await makeMachine(t, {});
  const machine = { ...system, rootDirectory, nssDatabases: ["/home/me/.pki/nssdb"] };
  const { fingerprint } = await readTrustedAuthority(caFile);
  const file = join(rootDirectory, `usr/local/share/ca-certificates/skiff-${fingerprint.slice(0, 8)}.crt`);
  const ran: string[] = [];
  const run = async (argv: readonly string[]) => void ran.push(argv.slice(0, 1).concat(argv.slice(3, 4)).join(" "));

  const done = [
    { store: "system", state: "done" },
    { store: "/home/me/.pki/nssdb", state: "done" },
  ];
  assert.deepEqual(await installTrust({ caFile, system: machine, run }), done);
  assert.equal(await readFile(file, "utf8"), caCertificatePem);
  assert.deepEqual(await installTrust({ caFile, system: machine, run }), done);
  assert.deepEqual(await uninstallTrust({ caFile, system: machine, run }), done);
  await assert.rejects(readFile(file), { code: "ENOENT" });
  assert.deepEqual(await uninstallTrust({ caFile, system: machine, run }), done);
  assert.deepEqual(ran, [
    ...["update-ca-certificates", "certutil -A", "update-ca-certificates", "certutil -A"],
    ...["update-ca-certificates", "certutil -D", "update-ca-certificates", "certutil -D"],
  ]);
});

test("a user who may not is told what to type, and his own browsers are served", async (t) => {
  const { caCertificateFile: caFile } = await openTestAuthority(t);
  const machine = { ...system, root: false, rootDirectory: await makeMachine(t, {}), nssDatabases: ["/db"] };
  const [first, second] = await installTrust({ caFile, system: machine, run: async () => {} });
  assert.ok(first?.state === "needs-root");
  assert.match(first.commands.join("\n"), /^sudo install -D .*\nsudo update-ca-certificates$/);
  assert.deepEqual(second, { store: "/db", state: "done" });
});

test("a tool that fails is reported with its message, and the other stores are still done", async (t) => {
  const { caCertificateFile: caFile } = await openTestAuthority(t);
  const machine = { ...system, rootDirectory: await makeMachine(t, {}), nssDatabases: ["/db"] };
  const run = async ([command]: readonly string[]) => {
    if (command !== "certutil") throw new Error("Cannot run update-ca-certificates: no space left");
  };
  const outcomes = await installTrust({ caFile, system: machine, run });
  assert.deepEqual(
    outcomes.map(({ state }) => state),
    ["failed", "done"],
  );
  assert.match(JSON.stringify(outcomes[0]), /no space left/);
});

test("a file that is no certificate is refused", async (t) => {
  const caFile = join(await makeMachine(t, { "ca.crt": "nothing" }), "ca.crt");
  await assert.rejects(installTrust({ caFile, system }), /Cannot read the certificate of the authority in .*ca\.crt/);
});

test("the instructions name every way to trust, for the platform at hand", () => {
  const url = "https://skiff.localhost:8443";
  const text = trustInstructions({ ...authority, platform: "debian", url });
  for (const part of [
    "sudo update-ca-certificates",
    "certutil -d",
    "git config --global http.https://skiff.localhost:8443/.sslCAInfo '/home/me/.skiff/a b/ca.crt'",
    "git config --global http.https://*.skiff.localhost:8443/.sslCAInfo",
    "curl --cacert",
    "NODE_EXTRA_CA_CERTS=",
    "/etc/docker/certs.d/git.skiff.localhost:8443/ca.crt",
    authority.fingerprint,
  ]) {
    assert.ok(text.includes(part), `without ${part}`);
  }
  assert.doesNotMatch(text, /update-ca-trust|keychain/i);
  const all = trustInstructions({ ...authority, platform: "other", url: "https://192.168.1.5:8443" });
  assert.match(all, /update-ca-trust extract/);
  assert.match(all, /add-trusted-cert/);
  assert.doesNotMatch(all, /\*\.192/);
});

test("a step that is skipped has nothing to type", () => {
  const step: TrustStep = { store: "x", state: "skipped", why: "y" };
  assert.deepEqual(commandLines(step), []);
});
