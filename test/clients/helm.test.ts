import { binary } from "../support/binaries.ts";
import { helmScenarios, testHelm } from "./scenarios/helm.ts";

const [first] = Object.entries(helmScenarios);

// The others, and helm 3, are in test/slow/clients-helm.slow.ts.
testHelm("helm 4", binary("helm"), {
  atomic: "--rollback-on-failure",
  scenarios: Object.fromEntries(first === undefined ? [] : [first]),
});
