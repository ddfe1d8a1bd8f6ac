import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { binary } from "../../test/support/binaries.ts";
import { userRegistryLogins } from "./registry-logins.ts";
import { chartArchive, makeDirectory, openStore, run } from "./testing/charts.ts";
import { startRegistry } from "./testing/registry.ts";

function write(file: string, content: string, mode = 0o600): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

const auth = (login: string) => Buffer.from(login).toString("base64");

test("logins are found in the files of Helm and of Docker, and with the helpers that these name", async (t) => {
  const home = makeDirectory(t);
  const bin = join(home, "bin");
  const helm = { auths: { "helm.example.com": { auth: auth("a:p:q") } } };
  const docker = {
    auths: {
      "helm.example.com": { auth: auth("not:this") },
      "docker.example.com:5000": { auth: auth("b:secret") },
      "https://index.docker.io/v1/": { auth: auth("hub:secret") },
      "stored.example.com": {},
    },
    credsStore: "chain",
    credHelpers: { "helped.example.com": "cloud", "gone.example.com": "cloud" },
  };
  const hostless = { auths: { "docker.example.com:5000": docker.auths["docker.example.com:5000"] } };
  write(join(home, "helm.json"), JSON.stringify(helm));
  write(join(home, ".docker", "config.json"), JSON.stringify(docker));
  write(
    join(home, "plain", "config.json"),
    JSON.stringify({
      ...hostless,
      auths: { ...hostless.auths, "https://index.docker.io/v1/": { auth: auth("hub:secret") } },
    }),
  );
  const helper = `#!/bin/sh\nread host\n[ "$1" = get ] && [ "$host" != gone.example.com ] || { echo "credentials not found in native keychain"; exit 1; }\necho "{\\"ServerURL\\":\\"$host\\",\\"Username\\":\\"NAME\\",\\"Secret\\":\\"of $host\\"}"\n`;
  for (const name of ["cloud", "chain"])
    write(join(bin, `docker-credential-${name}`), helper.replace("NAME", name), 0o700);
  const environment = {
    HOME: home,
    HELM_REGISTRY_CONFIG: join(home, "helm.json"),
    PATH: `${bin}:${process.env["PATH"]}`,
  };
  const logins = userRegistryLogins(environment);
  assert.deepEqual(await logins("helm.example.com"), { username: "a", password: "p:q" });
  assert.deepEqual(await logins("helped.example.com"), { username: "cloud", password: "of helped.example.com" });
  assert.deepEqual(await logins("stored.example.com"), { username: "chain", password: "of stored.example.com" });
  assert.equal(await logins("gone.example.com"), undefined);
  assert.equal(await logins("nowhere.example.com"), undefined);
  const plain = userRegistryLogins({ ...environment, DOCKER_CONFIG: join(home, "plain") });
  assert.deepEqual(await plain("docker.example.com:5000"), { username: "b", password: "secret" });
  assert.deepEqual(await plain("docker.io"), { username: "hub", password: "secret" });
  assert.equal(await userRegistryLogins({ HOME: join(home, "none") })("helm.example.com"), undefined);
});

test("who is logged in with the real helm is let in, and nobody else", async (t) => {
  const helm = binary("helm");
  if (helm === undefined) return t.skip("there is no helm for this machine");
  const home = makeDirectory(t);
  const user = { username: "somebody", password: "secret" };
  const registry = await startRegistry(t, { wants: "token", user });
  const layer = registry.putBlob(chartArchive("web", "1.0.0"));
  registry.put("web", "1.0.0", {
    config: { mediaType: "application/vnd.cncf.helm.config.v1+json", ...registry.putBlob(Buffer.from("{}")) },
    layers: [{ mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", ...layer }],
  });
  const args = ["registry", "login", registry.host, "-u", user.username, "--password-stdin", "--plain-http"];
  const login = await run(helm, args, home, user.password);
  assert.equal(login.code, 0, login.stderr);
  const request = { repository: `oci://${registry.host}`, chart: "web", version: "1.0.0" };
  const logins = userRegistryLogins({ HOME: home });
  assert.equal((await openStore(t, { logins }).fetch(request)).digest, layer.digest);
  await assert.rejects(openStore(t).fetch(request), /401/);
});
