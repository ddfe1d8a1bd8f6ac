import { plural } from "./report.ts";
import type { Trial, TrialRun } from "./trial.ts";

export type TrialVerdict = "accepted" | "refused" | "unjudged";

/** Refused when anything is; not judged when the cluster does not know a kind of what is made, or nothing is made at all. */
export function verdictOf({ formProblems, runs }: Trial): TrialVerdict {
  if (formProblems.length > 0 || runs.some(({ refused }) => refused.length > 0)) return "refused";
  return runs.every(({ accepted, unjudged }) => accepted > 0 && unjudged.length === 0) ? "accepted" : "unjudged";
}

/** So much of answers is shown; `--keep` writes them whole. */
const answersShown = 2000;

/** What `skiff template test` prints of one template. */
export function trialText(trial: Trial): string {
  const marks: Record<TrialVerdict, string> = { accepted: "✓", refused: "✗", unjudged: "◦" };
  const verdict = verdictOf(trial);
  const accepted = trial.runs.reduce((sum, run) => sum + run.accepted, 0);
  const counts = accepted > 0 ? `  ${plural(accepted, "object")} accepted` : "";
  const lines = [
    `${marks[verdict]} ${trial.template}${counts}`,
    ...trial.formProblems.map((problem) => `    form: ${problem}`),
    ...trial.runs.flatMap(runLines),
    ...(verdict === "unjudged" ? unjudgedLines(trial) : []),
  ];
  return `${lines.join("\n")}\n`;
}

function runLines({ answersKind, choice, answers, refused }: TrialRun): string[] {
  if (refused.length === 0) return [];
  const text = JSON.stringify(answers);
  const shown = text.length > answersShown ? `${text.slice(0, answersShown)}…` : text;
  return [
    ...refused.map(({ step, file, object, why }) => {
      const place = [`${answersKind} answers`, choice, step, file, object].filter(
        (part) => part !== undefined && part !== "",
      );
      return `    ${[...new Set(place)].join(", ")}: ${why.trimEnd().replaceAll("\n", "\n      ")}`;
    }),
    `      with ${shown}`,
  ];
}

function unjudgedLines({ runs }: Trial): string[] {
  const reasons = new Set(runs.flatMap(({ unjudged }) => unjudged.map(({ why }) => why)));
  if (reasons.size === 0) return ["    cannot judge: it makes no object and no module"];
  return [...reasons].map((why) => `    cannot judge: ${why}`);
}

/** The last line: how many there are of each. */
export function trialSummary(trials: readonly Trial[], cluster: string): string {
  const count = (verdict: TrialVerdict) => trials.filter((trial) => verdictOf(trial) === verdict).length;
  const counts = [`${count("accepted")} accepted`, `${count("refused")} refused`, `${count("unjudged")} not judged`];
  return `${plural(trials.length, "template")}: ${counts.join(", ")} by ${cluster}\n`;
}

/** The same for programs. */
export function trialJson(
  trials: readonly Trial[],
  { cluster, problems }: { cluster: string; problems: readonly string[] },
): string {
  const items = trials.map((trial) => ({
    template: trial.template,
    verdict: verdictOf(trial),
    formProblems: trial.formProblems,
    runs: trial.runs.map(({ answersKind, choice, answers, files, accepted, refused, unjudged }) => ({
      answersKind,
      choice,
      answers,
      files: files.map(({ path }) => path),
      accepted,
      refused,
      unjudged,
    })),
  }));
  return `${JSON.stringify({ cluster, problems, templates: items }, null, 2)}\n`;
}
