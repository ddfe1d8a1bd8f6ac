import type { ApplicationSource } from "../../apis/index.ts";
import { detectSourceType, type Manifest, RenderError, type SourceType } from "../../render/index.ts";
import { renderPlain } from "./directory-source.ts";
import { flattenLists } from "./flatten-lists.ts";
import { renderHelm } from "./helm-source.ts";
import { renderKustomize } from "./kustomize-source.ts";
import type { Outcome } from "./render-cache.ts";
import type { RenderContext } from "./render-context.ts";
import { SourceError } from "./source-error.ts";
import { withOverrides } from "./source-overrides.ts";

/**
 * Finds out what tool a source needs, and renders it.
 *
 * @param onType told of the tool, also when what follows fails
 * @returns what is wrong in the source, too: the same files give it again
 * @throws {Error} for what may be well again the next time
 */
export async function renderSource(
  given: ApplicationSource,
  context: RenderContext,
  onType: (sourceType: SourceType) => void,
): Promise<Outcome> {
  let sourceType: SourceType | undefined;
  try {
    const source = await completeSource(given, context);
    sourceType = detectSourceType(source, await namesIn(context));
    onType(sourceType);
    return { ok: true, sourceType, manifests: await manifestsOf(sourceType, source, context) };
  } catch (error) {
    if (!(error instanceof SourceError || error instanceof RenderError)) throw error;
    return { ok: false, sourceType, error };
  }
}

async function completeSource(
  given: ApplicationSource,
  { app, files, place }: RenderContext,
): Promise<ApplicationSource> {
  const node = await files.find(place);
  if (node === undefined) throw new SourceError(`${given.path}: app path does not exist`);
  if (node.kind !== "directory") throw new SourceError(`${given.path}: app path is not a directory`);
  return await withOverrides(given, { name: app.name, place }, files);
}

async function namesIn({ files, place }: RenderContext): Promise<string[]> {
  return ((await files.files(place)) ?? []).map(({ path }) => path);
}

async function manifestsOf(
  sourceType: SourceType,
  source: ApplicationSource,
  context: RenderContext,
): Promise<readonly Manifest[]> {
  switch (sourceType) {
    case "Helm":
      return flattenLists(await renderHelm(source, context));
    case "Kustomize":
      return flattenLists(await renderKustomize(source, context));
    case "Directory":
      return await renderPlain(source, context);
    case "Plugin":
      throw new SourceError(
        `CMP processing failed for application "${context.app.name}": config management plugins are not supported yet`,
      );
  }
}
