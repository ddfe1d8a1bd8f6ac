import { type Application, cronProblem, nextCronTime, parseCron, type SyncWindow } from "../../apis/index.ts";
import { compileGlob } from "../../render/index.ts";
import { parseDurationMs } from "../sync/retry.ts";

/**
 * Says whether the windows of a project let an application sync now: no window that denies is open, and if windows allow,
 * one of them is.
 *
 * @param startedAt when the operation began; some windows let it end
 * @throws {Error} when a window cannot be understood
 */
export function canSync(
  windows: readonly SyncWindow[] = [],
  app: Application,
  { isManual, startedAt, now }: { isManual: boolean; startedAt?: Date; now: Date },
): boolean {
  const matching = windows.filter((window) => isFor(window, app));
  if (isOpen(matching, { isManual, now })) return true;
  const mayEnd = matching
    .filter(({ kind }) => decides(matching, kind, now))
    .every(({ syncOverrun }) => syncOverrun === true);
  return startedAt !== undefined && mayEnd && isOpen(matching, { isManual, now: startedAt });
}

function isOpen(windows: readonly SyncWindow[], { isManual, now }: { isManual: boolean; now: Date }): boolean {
  const kind = decidingKind(windows, now);
  if (kind === undefined) return true;
  const deciding = windows.filter((window) => window.kind === kind && decides(windows, window.kind, now));
  return isManual && deciding.every(({ manualSync }) => manualSync === true);
}

/** The kind of windows that keep the application from syncing. */
function decidingKind(windows: readonly SyncWindow[], now: Date): "allow" | "deny" | undefined {
  if (windows.some((window) => window.kind === "deny" && isActive(window, now))) return "deny";
  const allowing = windows.filter(({ kind }) => kind === "allow");
  return allowing.length > 0 && !allowing.some((window) => isActive(window, now)) ? "allow" : undefined;
}

function decides(windows: readonly SyncWindow[], kind: string | undefined, now: Date): boolean {
  return decidingKind(windows, now) === kind;
}

/** A window is for applications that one of its lists names; with `andOperator`, for those that all of them name. */
function isFor({ applications, namespaces, clusters, andOperator }: SyncWindow, app: Application): boolean {
  const { destination } = app.spec;
  const named = [
    { globs: applications, texts: [app.metadata.name] },
    { globs: clusters, texts: [destination.name, destination.server] },
    { globs: namespaces, texts: [destination.namespace ?? ""] },
  ].filter(({ globs }) => globs !== undefined && globs.length > 0);
  const results = named.map(({ globs = [], texts }) =>
    globs.some((glob) => texts.some((text) => text !== undefined && compileGlob(glob)(text))),
  );
  if (results.length === 0) return false;
  return andOperator === true ? results.every(Boolean) : results.some(Boolean);
}

function isActive({ schedule = "", duration, timeZone }: SyncWindow, now: Date): boolean {
  const durationMs = parseDurationMs(duration);
  if (durationMs === undefined) throw new Error(`cannot parse duration '${duration ?? ""}'`);
  const problem = cronProblem(schedule);
  if (problem !== undefined) throw new Error(`cannot parse schedule '${schedule}': ${problem}`);
  // As Argo CD does it: the clock of the zone is read once, and then taken for UTC.
  const local = inTimeZone(now, timeZone || "UTC");
  const begins = nextCronTime(parseCron(schedule), new Date(local.getTime() - durationMs));
  return begins !== undefined && begins < local;
}

/** A time whose UTC fields are what a clock in that zone shows. */
function inTimeZone(time: Date, timeZone: string): Date {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
  return new Date(
    `${parts["year"]}-${parts["month"]}-${parts["day"]}T${parts["hour"]}:${parts["minute"]}:${parts["second"]}Z`,
  );
}
