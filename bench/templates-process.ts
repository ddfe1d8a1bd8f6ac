// Makes templates of generated sources in a process of its own, so that memory and processor time are those of the work:
// `node bench/templates-process.ts` prints JSON.
import {
  completeTemplate,
  type Definition,
  formOf,
  readKubernetesDefinitions,
  readTerraformModule,
} from "../src/templates/index.ts";
import { customResources, terraformModules } from "./template-sources.ts";

const crds = customResources(1000);
const modules = terraformModules(100);
const sizes = crds.map((text) => text.length).sort((a, b) => a - b);

let files = 0;
let bytes = 0;
const make = (definition: Definition) => {
  for (const { content } of completeTemplate(definition, formOf(definition))) {
    files += 1;
    bytes += content.length;
  }
};

const crdSeconds = await seconds(() => {
  for (const [index, text] of crds.entries()) {
    const { definitions, problems } = readKubernetesDefinitions(text, { file: `${index}.yaml` });
    const [problem] = problems;
    if (problem !== undefined) throw problem;
    for (const definition of definitions) make(definition);
  }
});
const crdFiles = files;
const moduleSeconds = await seconds(async () => {
  for (const [index, texts] of modules.entries()) {
    make(await readTerraformModule({ name: `module-${index}`, path: `module-${index}`, files: texts }));
  }
});

process.stdout.write(
  JSON.stringify({
    meanBytes: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
    largestBytes: sizes.at(-1),
    crdFiles,
    crdSeconds,
    moduleSeconds,
    outputMiB: bytes / 2 ** 20,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  }),
);

/** Time of the processor, in all threads: what the work takes on one core. */
async function seconds(work: () => void | Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
