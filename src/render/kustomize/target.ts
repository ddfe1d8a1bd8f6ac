import type { HelmChartOptions } from "./helm-charts.ts";
import { type Kustomization, kustomizationNames, parseKustomization } from "./kustomization.ts";
import { KustomizeError } from "./kustomize-error.ts";
import type { Loader } from "./loader.ts";
import type { OpenApi } from "./openapi.ts";
import type { Origin } from "./origin.ts";

/** What all kustomizations of one build share. */
export type BuildContext = {
  readonly openApi: OpenApi;
  readonly charts: HelmChartOptions;
  readonly warn: (warning: string) => void;
};

/** One kustomization and where it is. */
export type Target = {
  readonly kustomization: Kustomization;
  readonly file: string;
  readonly loader: Loader;
  readonly context: BuildContext;
  /** Where it comes from, when `buildMetadata` asks for that. */
  origin: Origin | undefined;
};

/**
 * Loads the kustomization in the directory of a loader.
 *
 * @param edit changes what the file says
 * @throws {KustomizeError}
 */
export async function loadTarget(
  loader: Loader,
  context: BuildContext,
  edit?: (kustomization: Kustomization) => void,
): Promise<Target> {
  const found: { file: string; content: string }[] = [];
  for (const file of kustomizationNames) {
    try {
      found.push({ file, content: await loader.readText(file) });
    } catch (error) {
      if (!(error instanceof KustomizeError)) throw error;
    }
  }
  const [first] = found;
  if (first === undefined) {
    const names = "'kustomization.yaml', 'kustomization.yml' or 'Kustomization'";
    throw new KustomizeError(`unable to find one of ${names} in directory '${loader.root}'`);
  }
  if (found.length > 1) throw new KustomizeError(`Found multiple kustomization files under: ${loader.root}\n`);
  const kustomization = parseKustomization(first.content, loader.root, context.warn, edit);
  return { kustomization, file: first.file, loader, context, origin: undefined };
}

/** Chooses the schemas that a kustomization asks for. */
export async function chooseSchemas({ kustomization, loader, context }: Target): Promise<void> {
  const openapi = kustomization.openapi ?? {};
  const path = openapi["path"];
  context.openApi.choose(openapi, path === undefined ? undefined : await loader.readText(path));
}
