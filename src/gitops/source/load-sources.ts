import type { Condition } from "../../apis/index.ts";
import { errorText } from "../../lib/index.ts";
import { RenderError, type SourceType } from "../../render/index.ts";
import { type Reference, referencesOf, type SourceRequest } from "./references.ts";
import type { RenderOverrides, SourceApplication } from "./render-context.ts";
import type { SourceServices } from "./services.ts";
import { ForbiddenSourceError } from "./source-error.ts";
import { type LoadedSource, type LoadOptions, SourceLoader } from "./source-loader.ts";
import type { SourceMemory } from "./source-memory.ts";

export type LoadRequest = {
  app: SourceApplication;
  /** Whether the sources stand in `sources`: then they may refer to each other. */
  isMultiSource: boolean;
  /** Sources with the revision of each; an empty one means that of the source. */
  requests: readonly SourceRequest[];
  /** What somebody who looks at the application wants to be different. */
  overrides?: RenderOverrides;
};

/** @property why what went wrong, without the place in the application */
export type Loaded =
  | { ok: true; sources: LoadedSource[] }
  | { ok: false; error: Condition; why: string; revisions: string[]; sourceTypes: LoadedSource["sourceType"][] };

/** Loads what the sources of an application want. */
export async function loadSources(
  services: SourceServices,
  { app, isMultiSource, requests, overrides = {} }: LoadRequest,
  memory: SourceMemory,
  options: LoadOptions,
): Promise<Loaded> {
  const loaded: LoadedSource[] = [];
  const failed = (message: string, error: unknown, sourceType?: SourceType): Loaded => ({
    ok: false,
    why: errorText(error),
    error: { type: "ComparisonError", message: `Failed to load target state: ${message}` },
    revisions: loaded.map(({ revision }) => revision),
    sourceTypes: [...loaded.map((one) => one.sourceType), ...(sourceType === undefined ? [] : [sourceType])],
  });
  let references: ReadonlyMap<string, Reference>;
  try {
    references = isMultiSource ? referencesOf(requests) : new Map();
  } catch (error) {
    return failed(errorText(error), error);
  }
  const context = { services, app, references, isMultiSource, overrides, memory, options };
  for (const [index, request] of requests.entries()) {
    const loader = new SourceLoader(context, request);
    try {
      loaded.push(await loader.load());
    } catch (error) {
      const place = `failed to generate manifest for source ${index + 1} of ${requests.length}`;
      const code = codeOf(error);
      return failed(`${place}: rpc error: code = ${code} desc = ${errorText(error)}`, error, loader.sourceType);
    }
  }
  return { ok: true, sources: loaded };
}

/** What Argo CD's repo-server calls an error. */
function codeOf(error: unknown): string {
  if (error instanceof RenderError) return "FailedPrecondition";
  return error instanceof ForbiddenSourceError ? "PermissionDenied" : "Unknown";
}
