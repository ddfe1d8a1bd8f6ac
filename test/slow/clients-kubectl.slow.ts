import { basicScenarios } from "../clients/scenarios/basics.ts";
import { objectScenarios } from "../clients/scenarios/objects.ts";
import { kubectlScenarios, testScenarios } from "../clients/scenarios/run.ts";
import { workloadScenarios } from "../clients/scenarios/workloads.ts";
import { binary, debianKubectl } from "../support/binaries.ts";

const absent = "no such kubectl for this machine";

testScenarios("kubectl 1.34", binary("kubectl"), absent, { ...objectScenarios, ...workloadScenarios });
testScenarios("kubectl 1.31", binary("kubectl", "1.31"), absent, kubectlScenarios);
testScenarios("kubectl 1.35", binary("kubectl", "1.35"), absent, kubectlScenarios);
// That is 1.20 as long as Debian 12 is: it knows neither `wait --for=jsonpath` nor CronJobs of version v1.
testScenarios("Debian's kubectl", debianKubectl(), "the package kubernetes-client is not installed", basicScenarios);
