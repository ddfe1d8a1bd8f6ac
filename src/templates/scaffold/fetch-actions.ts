import type { TemplateRenderer, TemplateValue } from "nunjitsu";
import { isFields, type JsonObject } from "../../apimachinery/index.ts";
import { textOf } from "../../lib/index.ts";
import { type Action, optionalText, requireText } from "./action.ts";
import { createFileRenderer } from "./step-renderer.ts";
import { compileGlobs, isBinary, resolvePath, type Workspace } from "./workspace.ts";

/** Whether an address is one of another place than the template's own folder. */
export function isElsewhere(url: unknown): boolean {
  return typeof url === "string" && /^[a-z][a-z0-9+.-]*:/i.test(url);
}

/** `fetch:template`: the files of a folder, their names and contents filled in with `values`. */
export const fetchTemplate: Action = ({ input, source, workspace }) => {
  const folder = resolvePath(requireText(input, "url"));
  const target = resolvePath(optionalText(input, "targetPath", "./"));
  const settings = readSettings(input);
  const rendered = renderFolder(source, folder, settings);
  for (const { path, content } of rendered) {
    const place = resolvePath(path, target);
    if (workspace.has(place) && input["replace"] !== true) continue;
    workspace.write(place, content);
  }
  return {};
};

/** `fetch:template:file`: one file, filled in. */
export const fetchTemplateFile: Action = ({ input, source, workspace }) => {
  const place = resolvePath(requireText(input, "targetPath"));
  if (workspace.has(place) && input["replace"] !== true) return {};
  const content = requireFile(source, resolvePath(requireText(input, "url")));
  const { renderer, context } = readSettings(input);
  const text = textIn(content);
  workspace.write(place, text === undefined ? content : renderer.render(text, context));
  return {};
};

/** `fetch:plain`: the files of a folder as they are. */
export const fetchPlain: Action = ({ input, source, workspace }) => {
  const folder = resolvePath(requireText(input, "url"));
  const target = resolvePath(optionalText(input, "targetPath", "./"));
  for (const { path, content } of filesOf(source, folder)) workspace.write(resolvePath(path, target), content);
  return {};
};

/** `fetch:plain:file`: one file as it is. */
export const fetchPlainFile: Action = ({ input, source, workspace }) => {
  const content = requireFile(source, resolvePath(requireText(input, "url")));
  workspace.write(resolvePath(requireText(input, "targetPath")), content);
  return {};
};

type Settings = {
  renderer: TemplateRenderer;
  context: Readonly<Record<string, TemplateValue>>;
  /** Files with it are filled in and lose it, others are copied. */
  extension: string | undefined;
  isCopied(path: string): boolean;
  /** Whether names of files that are copied are filled in too. */
  rendersAllNames: boolean;
};

function readSettings(input: JsonObject): Settings {
  const { copyWithoutRender, copyWithoutTemplating, templateFileExtension, values = {} } = input;
  if (copyWithoutRender && copyWithoutTemplating) {
    throw new Error("copyWithoutRender and copyWithoutTemplating cannot be used at the same time");
  }
  const globs = copyWithoutRender || copyWithoutTemplating || [];
  if (!Array.isArray(globs)) throw new Error("copyWithoutRender and copyWithoutTemplating have to be lists");
  const cookiecutterCompat = input["cookiecutterCompat"] === true;
  if (templateFileExtension && (globs.length > 0 || cookiecutterCompat)) {
    throw new Error("templateFileExtension goes with neither copyWithoutTemplating nor cookiecutterCompat");
  }
  return {
    renderer: createFileRenderer({
      cookiecutterCompat,
      trimBlocks: input["trimBlocks"] === true,
      lstripBlocks: input["lstripBlocks"] === true,
    }),
    context: { [cookiecutterCompat ? "cookiecutter" : "values"]: isFields(values) ? values : {} },
    extension: templateFileExtension ? extensionOf(templateFileExtension) : undefined,
    isCopied: compileGlobs(globs.filter((glob) => typeof glob === "string")),
    rendersAllNames: !copyWithoutRender,
  };
}

function extensionOf(given: unknown): string {
  if (given === true) return ".njk";
  const text = String(given);
  return text.startsWith(".") ? text : `.${text}`;
}

function renderFolder(
  source: Workspace,
  folder: string,
  settings: Settings,
): { path: string; content: string | Uint8Array }[] {
  const { renderer, context, extension, isCopied, rendersAllNames } = settings;
  return filesOf(source, folder).flatMap(({ path, content }) => {
    const rendersContent = extension === undefined ? !isCopied(path) : path.endsWith(extension);
    const bare = extension !== undefined && rendersContent ? path.slice(0, -extension.length) : path;
    const rendersName = extension !== undefined || rendersAllNames || rendersContent;
    const name = rendersName ? renderIn(path, () => renderer.render(bare, context)) : bare;
    // A part of the name that became empty leaves the file out.
    if (name === "" || name.startsWith("/") || name.includes("//") || name.endsWith("/")) return [];
    const text = rendersContent ? textIn(content) : undefined;
    return [
      { path: name, content: text === undefined ? content : renderIn(path, () => renderer.render(text, context)) },
    ];
  });
}

function renderIn(path: string, render: () => string): string {
  try {
    return render();
  } catch (cause) {
    throw new Error(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function filesOf(source: Workspace, folder: string): { path: string; content: string | Uint8Array }[] {
  const paths = source.within(folder).filter((path) => path !== folder);
  if (paths.length === 0) throw new Error(`there is no folder ${folder} beside the template`);
  return paths.sort().map((path) => ({
    path: folder === "" ? path : path.slice(folder.length + 1),
    content: source.read(path) ?? "",
  }));
}

function requireFile(source: Workspace, path: string): string | Uint8Array {
  const content = source.read(path);
  if (content === undefined) throw new Error(`there is no file ${path} beside the template`);
  return content;
}

function textIn(content: string | Uint8Array): string | undefined {
  if (typeof content === "string") return content;
  return isBinary(content) ? undefined : textOf(content);
}
