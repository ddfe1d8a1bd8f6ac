import assert from "node:assert/strict";
import { test } from "node:test";
import type { Definition } from "../definition.ts";
import { rawProperties } from "./cnoe-template.ts";
import { distinctDefinitions } from "./distinct-definitions.ts";
import { module, resource } from "./testing/definitions.ts";

function moduleAt(file: string): Definition {
  const title = file.slice(file.lastIndexOf("/") + 1);
  return { ...module, title, name: title.toLowerCase().replaceAll("_", "-"), origin: { file } };
}

test("modules of one folder name are told apart by the folders around them", () => {
  const files = ["a/my_net", "b/my_net", "b/My_net", "x/b/my_net"].map(moduleAt);
  const names = distinctDefinitions(files).map((definition) => rawProperties(definition).path);
  assert.deepEqual(names, ["my_net.yaml", "b-my-net.yaml", "my-net-2.yaml", "x-b-my-net.yaml"]);
});

test("of two of the same custom resource the later one counts, in the first place", () => {
  const later = { ...resource, description: "later" };
  assert.deepEqual(distinctDefinitions([resource, module, later]), [later, module]);
});
