import { helmScenarios, testHelm } from "../clients/scenarios/helm.ts";
import { binary } from "../support/binaries.ts";

testHelm("helm 4", binary("helm", "1.35"), { atomic: "--rollback-on-failure", scenarios: helmScenarios });
testHelm("helm 3", binary("helm", "1.31"), { atomic: "--atomic", scenarios: helmScenarios });
