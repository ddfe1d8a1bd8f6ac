import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRemoteUrl, type RemotePackage } from "./remote-url.ts";

const cases: Record<string, Partial<RemotePackage>> = {
  "https://github.com/org/repo//base/one?ref=main": {
    url: "https://github.com/org/repo",
    path: "base/one",
    ref: "main",
    cloneSubmodules: true,
    timeoutMs: 27_000,
  },
  "https://github.com/org/repo//base/one/": { url: "https://github.com/org/repo", path: "base/one" },
  "https://github.com/org/repo//?version=v1.2&submodules=false&timeout=90s": {
    path: "",
    ref: "v1.2",
    cloneSubmodules: false,
    timeoutMs: 90_000,
  },
  "https://github.com/org/repo//a?ref=x&version=y&timeout=120": { ref: "x", timeoutMs: 120_000 },
  "https://user:secret@host.example:8443/org/repo.git//a/b": {
    url: "https://user:secret@host.example:8443/org/repo.git",
    path: "a/b",
  },
  "git@github.com:org/repo//a?ref=main": { url: "git@github.com:org/repo", path: "a", ref: "main" },
  "ssh://git@github.com/org/repo//a": { url: "ssh://git@github.com/org/repo", path: "a" },
  "file:///srv/repo.git//a": { url: "file:///srv/repo.git", path: "a" },
};
for (const [text, want] of Object.entries(cases)) {
  test(`parseRemoteUrl reads ${text}`, () =>
    assert.deepEqual({ ...parseRemoteUrl(text), ...want }, parseRemoteUrl(text)));
}

test("parseRemoteUrl leaves paths of this machine alone", () => {
  for (const text of ["./stack", "/srv/stack", "stack", "../a//b"]) assert.equal(parseRemoteUrl(text), undefined);
});

const wrong: Record<string, RegExp> = {
  "https://github.com/org/repo/path": /url must have \/\/ after the repository url/,
  "https://github.com/org/repo//a?submodules=maybe": /submodules must be true or false, not "maybe"/,
  "https://github.com/org/repo//a?timeout=soon": /timeout must be seconds or a duration like 90s, not "soon"/,
  "https://github.com/org/repo//../../etc": /may not leave the repository/,
};
for (const [text, message] of Object.entries(wrong)) {
  test(`parseRemoteUrl refuses ${text}`, () => assert.throws(() => parseRemoteUrl(text), message));
}
