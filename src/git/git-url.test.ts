import assert from "node:assert/strict";
import { test } from "node:test";
import { isStatusError } from "../apimachinery/index.ts";
import { parseGitUrl, withoutPassword } from "./git-url.ts";

const accepted: Record<string, string> = {
  "https://github.com/a/b": "https://github.com/a/b",
  "https://github.com/a/b.git/": "https://github.com/a/b.git",
  "https://user:secret@host:8443/a/b": "https://user:***@host:8443/a/b",
  "https://ghp_0123456789abcdefghij@github.com/a/b": "https://***@github.com/a/b",
  "ssh://git@host:22/a/b.git": "ssh://git@host:22/a/b.git",
  "git@github.com:a/b.git": "git@github.com:a/b.git",
  "host:a/b": "host:a/b",
  "git://host/a": "git://host/a",
  "file:///srv/a.git": "file:///srv/a.git",
  "/srv/a.git": "/srv/a.git",
};
for (const [url, shown] of Object.entries(accepted)) {
  test(`${shown} is an address`, () => assert.equal(parseGitUrl(url).shown, shown));
}

for (const url of [
  "",
  "a/b",
  "./a",
  "-x",
  "--upload-pack=x",
  "ext::sh",
  "fd::1",
  "ext://x/y",
  "ssh://-oX/y",
  "https://",
  "https://a b",
  "https://a/\nb",
  "javascript://x/y",
]) {
  test(`${JSON.stringify(url)} is none`, () =>
    assert.throws(
      () => parseGitUrl(url),
      (error) => isStatusError(error, "Invalid"),
    ));
}

test("addresses that mean the same have the same key, other credentials another", () => {
  const key = (url: string) => parseGitUrl(url).key;
  assert.equal(key("https://Host/a/b/"), key("https://host:443/a/b"));
  assert.notEqual(key("https://u:1@host/a"), key("https://u:2@host/a"));
});

test("passwords are taken out of any text", () => {
  assert.equal(
    withoutPassword("fatal: unable to access 'https://u:p@h/x': no, ssh://v:q@h"),
    "fatal: unable to access 'https://u:***@h/x': no, ssh://v:***@h",
  );
});
