/** The values that a field takes, and their names if they have some, the first one for the smallest value. */
type Field = { min: number; max: number; names?: readonly string[] };

/** The five fields of a schedule: minute, hour, day of month, month, day of week. */
const fields: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] },
  { min: 0, max: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

const descriptors = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/** Why a text is no schedule in cron's format, in the words of the parser Kubernetes uses; `undefined` when it is one. */
export function cronProblem(schedule: string): string | undefined {
  if (schedule === "") return "empty spec string";
  if (schedule.startsWith("@")) return descriptorProblem(schedule);
  const words = schedule.trim().split(/\s+/);
  if (words.length !== fields.length) return `expected exactly 5 fields, found ${words.length}: [${words.join(" ")}]`;
  for (const [index, field] of fields.entries()) {
    for (const range of (words[index] ?? "").split(",").filter((part) => part !== "")) {
      const problem = rangeProblem(range, field);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function descriptorProblem(schedule: string): string | undefined {
  if (descriptors.includes(schedule)) return undefined;
  if (!schedule.startsWith("@every ")) return `unrecognized descriptor: ${schedule}`;
  const span = schedule.slice("@every ".length);
  if (/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(span)) return undefined;
  return `failed to parse duration ${schedule}: time: invalid duration ${JSON.stringify(span)}`;
}

/** `*`, `5`, `1-5`, each with `/step`. */
function rangeProblem(text: string, field: Field): string | undefined {
  const { min, max } = field;
  const [range = "", step, ...moreSteps] = text.split("/");
  const [low = "", high, ...moreHigh] = range.split("-");
  if (moreHigh.length > 0) return `too many hyphens: ${text}`;
  if (moreSteps.length > 0) return `too many slashes: ${text}`;
  let [start, end] = [min, max];
  if (low !== "*" && low !== "?") {
    const parsed = parse(low, field);
    const parsedEnd = high === undefined ? parsed : parse(high, field);
    if (typeof parsed === "string") return parsed;
    if (typeof parsedEnd === "string") return parsedEnd;
    start = parsed;
    end = high === undefined && step !== undefined ? max : parsedEnd;
  }
  const every = step === undefined ? 1 : parse(step);
  if (typeof every === "string") return every;
  if (start < min) return `beginning of range (${start}) below minimum (${min}): ${text}`;
  if (end > max) return `end of range (${end}) above maximum (${max}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return every === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

function parse(text: string, field?: Field): number | string {
  const named = field?.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + (field?.min ?? 0);
  if (/^\+?\d+$/.test(text)) return Number(text);
  if (/^-\d+$/.test(text)) return `negative number (${text}) not allowed: ${text}`;
  return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
}

/** Whether a name is in the time zone database. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
