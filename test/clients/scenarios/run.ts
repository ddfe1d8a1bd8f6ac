import { test } from "node:test";
import { type ControlPlane, startControlPlane } from "../../../src/control-plane/index.ts";
import { openKubectl } from "../tools.ts";
import { applyScenarios } from "./apply.ts";
import { basicScenarios } from "./basics.ts";
import { objectScenarios } from "./objects.ts";
import type { Scenarios } from "./scenario.ts";
import { workloadScenarios } from "./workloads.ts";

export const kubectlScenarios: Scenarios = {
  ...basicScenarios,
  ...applyScenarios,
  ...objectScenarios,
  ...workloadScenarios,
};

/** As many as there are processors in the smallest machine that runs the tests: each keeps a kubectl busy. */
const atOnce = 2;

/**
 * Makes a test of every scenario, all against one control plane, each in a namespace of its own.
 *
 * @param program a kubectl; `undefined` skips, for the reason given
 */
export function testScenarios(name: string, program: string | undefined, why: string, scenarios: Scenarios): void {
  const skip = program === undefined && why;
  test(name, { skip, concurrency: atOnce }, async (t) => {
    await using plane: ControlPlane = await startControlPlane({ listen: true });
    const all = Object.entries(scenarios).map(([sentence, scenario], index) =>
      t.test(sentence, async (own) => {
        await scenario(await openKubectl(own, plane, { program: program ?? "", namespace: `test-${index}` }));
      }),
    );
    await Promise.all(all);
  });
}
