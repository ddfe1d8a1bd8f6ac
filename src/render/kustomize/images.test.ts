import assert from "node:assert/strict";
import { test } from "node:test";
import { changeImage, splitImage } from "./images.ts";

const parts: Record<string, [name: string, tag: string, digest: string]> = {
  app: ["app", "", ""],
  "app:v1": ["app", "v1", ""],
  "app@sha256:1": ["app", "", "sha256:1"],
  "app:v1@sha256:1": ["app", "v1", "sha256:1"],
  "host:5000/app": ["host:5000/app", "", ""],
  "host:5000/team/app:v1@sha256:1": ["host:5000/team/app", "v1", "sha256:1"],
};

for (const [reference, want] of Object.entries(parts)) {
  test(`splitImage takes ${reference} apart`, () => {
    const { name, tag, digest } = splitImage(reference);
    assert.deepEqual([name, tag, digest], want);
  });
}

test("a new tag or digest takes the place of both", () => {
  const image = "app:v1@sha256:1";
  assert.equal(changeImage(image, { newTag: "v2" }), "app:v2");
  assert.equal(changeImage(image, { digest: "sha256:2" }), "app@sha256:2");
  assert.equal(changeImage(image, { newTag: "v2", digest: "sha256:2" }), "app:v2@sha256:2");
  assert.equal(changeImage(image, { tagSuffix: "-x" }), "app:v1-x");
  assert.equal(changeImage(image, { newName: "other" }), "other:v1@sha256:1");
});
