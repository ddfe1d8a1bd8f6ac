import { binary } from "../support/binaries.ts";
import { applyScenarios } from "./scenarios/apply.ts";
import { basicScenarios } from "./scenarios/basics.ts";
import { testScenarios } from "./scenarios/run.ts";

// The others, and other versions of kubectl, are in test/slow/clients-kubectl.slow.ts.
testScenarios("kubectl 1.34", binary("kubectl"), "no kubectl for this machine; name one with SKIFF_KUBECTL", {
  ...basicScenarios,
  ...applyScenarios,
});
