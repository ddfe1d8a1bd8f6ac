import assert from "node:assert/strict";
import { test } from "node:test";
import { isRegistryAddress, localAddress, submoduleAddress } from "./address.ts";

const registry: Record<string, boolean> = {
  "terraform-aws-modules/vpc/aws": true,
  "terraform-aws-modules/iam/aws//modules/iam-user": true,
  "app.terraform.io/acme/vpc/aws": true,
  "registry.acme.io:8443/acme/vpc/aws": true,
  "github.com/acme/vpc/aws": false,
  "github.com/acme/vpc": false,
  "git::https://example.com/vpc.git?ref=v1": false,
  "./modules/vpc/aws": false,
  "../a/b": false,
  "a/b": false,
  "s3::https://bucket/x.zip": false,
  "acme/vpc/aws/x/y": false,
};
for (const [address, expected] of Object.entries(registry)) {
  test(`${address} is ${expected ? "" : "not "}one of a registry`, () =>
    assert.equal(isRegistryAddress(address), expected));
}

const locals: Record<string, string> = {
  "modules/vpc": "./modules/vpc",
  "./vpc/": "./vpc",
  "../vpc": "../vpc",
  "..": "..",
  "": "./",
  ".": "./",
  "/srv/vpc": "/srv/vpc",
  "a\\b": "./a/b",
  "..hidden": "./..hidden",
};
for (const [path, address] of Object.entries(locals)) {
  test(`the folder ${JSON.stringify(path)} is called by ${address}`, () => assert.equal(localAddress(path), address));
}

const inside: [address: string, folder: string, expected: string][] = [
  ["terraform-aws-modules/iam/aws", "modules/iam-user", "terraform-aws-modules/iam/aws//modules/iam-user"],
  ["terraform-aws-modules/iam/aws//modules/a", "../b", "terraform-aws-modules/iam/aws//modules/b"],
  ["terraform-aws-modules/iam/aws//modules/a", "../..", "terraform-aws-modules/iam/aws"],
  ["git::https://example.com/vpc.git?ref=v1", "./modules/x", "git::https://example.com/vpc.git//modules/x?ref=v1"],
  [
    "git::ssh://git@example.com/vpc.git//a?ref=v1&depth=1",
    "b",
    "git::ssh://git@example.com/vpc.git//a/b?ref=v1&depth=1",
  ],
  ["github.com/acme/vpc", "modules/x", "github.com/acme/vpc//modules/x"],
  ["git@github.com:acme/vpc.git", "modules/x", "git@github.com:acme/vpc.git//modules/x"],
  ["./vpc", "modules/x", "./vpc/modules/x"],
  ["../vpc", "../net", "../net"],
  ["/srv/vpc", "modules/x", "/srv/vpc/modules/x"],
];
for (const [address, folder, expected] of inside) {
  test(`${folder} in ${address} is ${expected}`, () => assert.equal(submoduleAddress(address, folder), expected));
}
