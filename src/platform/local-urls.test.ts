import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlatformConfig } from "./config.ts";
import { localRepository } from "./local-urls.ts";

const config: PlatformConfig = {
  layout: 1,
  name: "localdev",
  host: "skiff.localhost",
  ingressHost: "proxy.example.com",
  protocol: "https",
  port: 8443,
  apiPort: 6443,
  usePathRouting: false,
  devPassword: false,
  listenAddress: "127.0.0.1",
  compute: "none",
  nodes: 1,
};
const ours = { owner: "giteaAdmin", name: "repo" };

const cases: Record<string, { owner: string; name: string } | undefined> = {
  "https://git.skiff.localhost:8443/giteaAdmin/repo.git": ours,
  "https://gitea.skiff.localhost:8443/giteaAdmin/repo": ours,
  "https://user:token@git.skiff.localhost:8443/giteaAdmin/repo.git": ours,
  "https://skiff.localhost:8443/gitea/giteaAdmin/repo.git": ours,
  "https://skiff.localhost:8443/git/giteaAdmin/repo/": ours,
  "https://git.proxy.example.com:8443/giteaAdmin/repo.git": ours,
  "http://my-gitea-http.gitea.svc.cluster.local:3000/giteaAdmin/repo.git": ours,
  "https://git.skiff.localhost:9443/giteaAdmin/repo.git": undefined,
  "https://skiff.localhost:8443/giteaAdmin/repo.git": undefined,
  "https://github.com/giteaAdmin/repo.git": undefined,
  "git@git.skiff.localhost:giteaAdmin/repo.git": undefined,
  "https://git.skiff.localhost:8443/giteaAdmin": undefined,
};
for (const [url, want] of Object.entries(cases)) {
  test(`localRepository ${want === undefined ? "leaves" : "knows"} ${url}`, () =>
    assert.deepEqual(localRepository(config)(url), want));
}
