import { statSync } from "node:fs";
import { CliError } from "../errors.ts";
import type { SourceChoice } from "./find-inputs.ts";
import type { ClusterFlags } from "./open-cluster.ts";

/** How files get into Git and the cluster in the templates that are made whole. */
export const publishTargets = ["gitea", "github", "pull-request", "apply"] as const;
export type PublishTarget = (typeof publishTargets)[number];

/** What `skiff template <source>` is told; names are those of cnoe-cli's flags where it has them. */
export type TemplateFlags = ClusterFlags & {
  inputDir: readonly string[];
  /** Empty for the directory the command is run in, as in cnoe-cli. */
  outputDir: string;
  templatePath?: string;
  depth: number;
  insertAt: string;
  collapse: boolean;
  raw: boolean;
  verifier: readonly string[];
  templateName?: string;
  templateTitle?: string;
  templateDescription?: string;
  schema?: "verbatim" | "form";
  /** A version of custom resources in place of the stored one. */
  version?: string;
  formDepth?: number;
  publish?: PublishTarget;
  owner?: string;
  type?: string;
  host?: string;
  account?: string;
  terraform?: "tofu-controller" | "plain";
  moduleSource?: string;
  chartRepository?: string;
  fromCluster: boolean;
  group: readonly string[];
  progress: boolean;
  notes: boolean;
  watch: boolean;
};

/** What becomes of definitions: cnoe-cli's three, and templates that are whole. */
export type Mode = "insert" | "collapsed" | "raw" | "complete";

/** Flags of a run in which nothing is said. */
export const completeTemplateFlags: TemplateFlags = {
  inputDir: [],
  outputDir: "",
  depth: 2,
  insertAt: ".spec.parameters[0]",
  collapse: false,
  raw: false,
  verifier: [],
  fromCluster: false,
  group: [],
  progress: false,
  notes: false,
  watch: false,
};

export function modeOf({ raw, collapse, templatePath }: TemplateFlags): Mode {
  if (raw) return "raw";
  if (collapse) return "collapsed";
  return templatePath === undefined ? "complete" : "insert";
}

/** Standard input in place of a path. */
export const standardInput = "-";

/**
 * Refuses what makes no sense, in cnoe-cli's words where it refuses it too.
 *
 * @param paths what was given without a flag
 * @throws {CliError}
 */
export function checkTemplateFlags(choice: SourceChoice, flags: TemplateFlags, paths: readonly string[]): void {
  const command = `skiff template ${choice}`;
  const refuse = (why: string): never => {
    throw new CliError("usage", { why, command });
  };
  const mode = modeOf(flags);
  for (const path of flags.inputDir) if (!isInputDirectory(path, mode)) refuse("inputDir must be a directory");
  if (flags.collapse && flags.templatePath === undefined && !flags.raw) {
    refuse(
      "templatePath flag must be specified when using the `collapse` flag (optionally you can use `insertAt` as well)",
    );
  }
  if (flags.templatePath !== undefined && mode !== "raw" && !isFile(flags.templatePath))
    refuse(`templatePath must be a file, and ${flags.templatePath} is none`);
  if (flags.fromCluster) {
    if (!["crd", "kro", "auto"].includes(choice))
      refuse("--from-cluster reads custom resources: use it with crd, kro or auto");
    if (flags.inputDir.length > 0) refuse("--from-cluster and --inputDir exclude each other");
  } else {
    if (flags.inputDir.length + paths.length === 0)
      refuse("nothing to read: give files or directories, or --from-cluster");
    const set =
      [flags.name, flags.kubeconfig, flags.context].some((flag) => flag !== undefined) || flags.group.length > 0;
    if (set) refuse("--name, --kubeconfig, --context and --group are for --from-cluster");
  }
  if (flags.watch && (flags.fromCluster || paths.includes(standardInput)))
    refuse("--watch is for files: nothing says when a cluster or standard input changes");
  if (choice === "helm" && paths.includes(standardInput))
    refuse("a chart is a directory or an archive, and cannot be read from standard input");
  for (const [flag, name] of Object.entries(completeFlags)) {
    if (flags[name] === undefined || mode === "complete") continue;
    refuse(`--${flag} is for templates that are made whole: leave out --templatePath, --collapse and --raw`);
  }
  if (mode === "complete" && flags.schema === "verbatim")
    refuse("--schema verbatim needs --templatePath, --collapse or --raw: templates that are made whole have forms");
}

/** Flags that say something of a whole template, and nothing of a form that is put into another one. */
const completeFlags = {
  publish: "publish",
  host: "host",
  account: "account",
  owner: "owner",
  type: "type",
  terraform: "terraform",
  "module-source": "moduleSource",
  "chart-repository": "chartRepository",
} as const satisfies Record<string, keyof TemplateFlags>;

/** With cnoe-cli's flags only directories are; files are given as arguments then. */
function isInputDirectory(path: string, mode: Mode): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true || (mode === "complete" && stats?.isFile() === true);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
