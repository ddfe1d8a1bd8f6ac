import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../../definition.ts";
import { readInstalledModules } from "./installed.ts";

test("what terraform init has put on disk is told by address, version and folder", () => {
  const text = JSON.stringify({
    Modules: [
      { Key: "", Source: "", Dir: "." },
      { Key: "vpc", Source: "registry.terraform.io/acme/vpc/aws", Version: "5.1.2", Dir: ".terraform/modules/vpc" },
      { Key: "vpc.flow", Source: "./modules/flow-log", Dir: ".terraform/modules/vpc/modules/flow-log" },
      { Key: "own", Source: "./modules/own", Dir: "modules/own" },
      { Key: "own.deep", Source: "../deep", Dir: "modules/deep" },
      { Key: "git", Source: "git::https://example.com/net.git?ref=v2", Dir: ".terraform\\modules\\git" },
      { Key: "private", Source: "app.terraform.io/acme/db/aws", Version: "1.0.0", Dir: ".terraform/modules/private" },
      { Key: "tofu", Source: "registry.opentofu.org/acme/dns/aws", Version: "2.0.0", Dir: ".terraform/modules/tofu" },
    ],
  });
  assert.deepEqual(readInstalledModules(text), [
    { key: "git", address: "git::https://example.com/net.git?ref=v2", dir: ".terraform/modules/git", nested: false },
    { key: "own", address: "./modules/own", dir: "modules/own", nested: false },
    { key: "own.deep", address: "./modules/deep", dir: "modules/deep", nested: true },
    {
      key: "private",
      address: "app.terraform.io/acme/db/aws",
      version: "1.0.0",
      dir: ".terraform/modules/private",
      nested: false,
    },
    { key: "tofu", address: "acme/dns/aws", version: "2.0.0", dir: ".terraform/modules/tofu", nested: false },
    { key: "vpc", address: "acme/vpc/aws", version: "5.1.2", dir: ".terraform/modules/vpc", nested: false },
    {
      key: "vpc.flow",
      address: "acme/vpc/aws//modules/flow-log",
      version: "5.1.2",
      dir: ".terraform/modules/vpc/modules/flow-log",
      nested: true,
    },
  ]);
});

test("what is no list of modules is refused", () => {
  for (const text of ["", "{", "[]", "{}", '{"Modules":{}}']) {
    assert.throws(
      () => readInstalledModules(text, "root/modules.json"),
      (error) => {
        assert.ok(error instanceof SourceError);
        assert.match(error.message, /^root\/modules\.json/);
        return true;
      },
    );
  }
});
