import { invalidValue, type StatusCause } from "../../../apimachinery/index.ts";

export type Level = "privileged" | "baseline" | "restricted";
/** How strict, as of which version: the minor number of Kubernetes 1.x, or the newest there is. */
export type LevelVersion = { level: Level; version: number | "latest" };
/** What a namespace wants to be refused, logged and warned of. */
export type Policy = { enforce: LevelVersion; audit: LevelVersion; warn: LevelVersion };

const prefix = "pod-security.kubernetes.io/";
const strictness: readonly string[] = ["privileged", "baseline", "restricted"];
const levelProblem = "must be one of privileged, baseline, restricted";
const versionProblem = 'must be "latest" or "v1.x"';

/**
 * Reads the labels of a namespace. There is always a policy: what cannot be read counts as the strictest to enforce, and as
 * nothing to log or to warn of.
 */
export function policyOf(labels: Readonly<Record<string, string>> = {}): { policy: Policy; causes: StatusCause[] } {
  const causes: StatusCause[] = [];
  const read = (mode: string, otherwise: Level): LevelVersion => {
    const level = labels[prefix + mode];
    const version = labels[`${prefix + mode}-version`];
    const parsed = version === undefined ? "latest" : parseVersion(version);
    if (level !== undefined && !isLevel(level)) causes.push(problem(mode, level, levelProblem));
    if (version !== undefined && parsed === undefined) causes.push(problem(`${mode}-version`, version, versionProblem));
    return {
      level: level === undefined ? "privileged" : isLevel(level) ? level : otherwise,
      version: parsed ?? "latest",
    };
  };
  const enforce = read("enforce", "restricted");
  const audit = read("audit", "privileged");
  const own = read("warn", "privileged");
  const enforced = labels[`${prefix}enforce`];
  // Whoever enforces something is warned of it, too, unless the labels say otherwise.
  const follows = labels[`${prefix}warn`] === undefined && enforced !== undefined && isLevel(enforced);
  const ownVersion = labels[`${prefix}warn-version`] === undefined ? enforce.version : own.version;
  const warn = follows && enforce.level !== "privileged" ? { level: enforce.level, version: ownVersion } : own;
  return { policy: { enforce, audit, warn }, causes };
}

/** Positive when `a` is stricter than `b`. */
export function compareLevels(a: Level, b: Level): number {
  return strictness.indexOf(a) - strictness.indexOf(b);
}

/** `baseline:v1.30` */
export function formatLevelVersion({ level, version }: LevelVersion): string {
  return `${level}:${version === "latest" ? "latest" : `v1.${version}`}`;
}

export function sameLevelVersion(a: LevelVersion, b: LevelVersion): boolean {
  return a.level === b.level && a.version === b.version;
}

function isLevel(text: string): text is Level {
  return strictness.includes(text);
}

function parseVersion(text: string): number | "latest" | undefined {
  if (text === "latest") return "latest";
  const minor = /^v1\.(0|[1-9]\d*)$/.exec(text)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

function problem(label: string, value: string, why: string): StatusCause {
  return invalidValue(`metadata.labels[${prefix}${label}]`, value, why);
}
