import { readFileSync } from "node:fs";
import type { RenderOverrides } from "../../gitops/index.ts";
import { errorText } from "../../lib/index.ts";
import { settingFiles } from "../../render/index.ts";
import { CliError } from "../errors.ts";

/** What `skiff render` is told; the names are those of Helm's flags where Helm has them. */
export type RenderFlags = {
  values: readonly string[];
  set: readonly string[];
  setString: readonly string[];
  setFile: readonly string[];
  setJson: readonly string[];
  setLiteral: readonly string[];
  name?: string;
  namespace?: string;
  kubeVersion?: string;
  apiVersions: readonly string[];
  includeCrds?: true;
  skipCrds?: true;
  skipTests?: true;
  skipSchemaValidation?: true;
  revision?: string;
  /** Another revision, or `true` for the live cluster. */
  diff?: string | true;
  lookup: boolean;
  seed?: string;
  enableHelm?: true;
  loadRestrictor?: string;
  platform: string;
};

/** What the flags say about charts. @throws {CliError} for files that cannot be read */
export function overridesFrom(flags: RenderFlags): RenderOverrides {
  const { values, set, setString, setFile, setJson, setLiteral, includeCrds, skipCrds } = flags;
  if (includeCrds && skipCrds)
    throw new CliError("usage", { why: "--include-crds and --skip-crds exclude each other", command: "skiff render" });
  const hasValues = [values, set, setString, setFile, setJson, setLiteral].some(({ length }) => length > 0);
  const files = values.map((name) => ({ name, text: readFile(name).toString() }));
  const setFileContents = new Map(settingFiles(setFile).map((path) => [path, new Uint8Array(readFile(path))]));
  return {
    ...(flags.name !== undefined && { releaseName: flags.name }),
    ...(hasValues && { values: { files, set, setString, setFile, setJson, setLiteral, setFileContents } }),
    ...(flags.kubeVersion !== undefined && { kubeVersion: flags.kubeVersion }),
    ...(flags.apiVersions.length > 0 && { apiVersions: flags.apiVersions }),
    ...((includeCrds || skipCrds) && { includeCrds: includeCrds === true }),
    ...(flags.skipTests && { skipTests: true }),
    ...(flags.skipSchemaValidation && { skipSchemaValidation: true }),
    ...(flags.seed !== undefined && { seed: flags.seed }),
  };
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CliError("render-failed", { why: `Cannot read ${path}: ${errorText(error)}` }, { cause: error });
  }
}
