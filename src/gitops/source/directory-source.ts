import type { ApplicationSource } from "../../apis/index.ts";
import { type Manifest, renderDirectory, type SourceFile } from "../../render/index.ts";
import type { RenderContext } from "./render-context.ts";

/** Reads the plain manifests of a source. */
export async function renderPlain(
  { directory = {} }: ApplicationSource,
  { files, place }: RenderContext,
): Promise<readonly Manifest[]> {
  const items = (await files.files(place)) ?? [];
  const readable = items.map(
    ({ path, id, sizeBytes }): SourceFile => ({
      path,
      sizeBytes,
      read: async () => await files.content(place.tree, id),
    }),
  );
  return await renderDirectory(readable, { ...directory, root: place.path });
}
