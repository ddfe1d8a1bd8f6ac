import { GoError } from "../go-error.ts";
import { nameIntegers } from "../go-format.ts";
import type { GoType } from "../go-types.ts";
import { inInt64, parseGoInteger } from "../literals.ts";
import type { Run } from "../run.ts";
import {
  any,
  type FunctionTable,
  fn,
  type GoFunction,
  int,
  object,
  type Param,
  refused,
  runFn,
  string,
} from "../signature.ts";
import { GoInt, GoObject, goInt, goInt64, type Value } from "../values.ts";
import {
  type Civil,
  civilOf,
  formatDuration,
  loadZone,
  type Moment,
  momentAt,
  momentOf,
  parseDuration,
  unixSeconds,
  zeroMoment,
} from "./go-time.ts";
import { formatTime, monthName, parseTime, weekdayName } from "./time-layout.ts";
import { fixedZone, utc, type Zone } from "./time-zone.ts";

const timeType: GoType = { name: "time.Time", kind: "struct" };
const durationType = nameIntegers({ name: "time.Duration", kind: "int64" }, formatDuration);
const monthType = nameIntegers({ name: "time.Month", kind: "int" }, (month) => monthName(Number(month)));
const weekdayType = nameIntegers({ name: "time.Weekday", kind: "int" }, (day) => weekdayName(Number(day)));

const second = 1_000_000_000n;

/** A `time.Time`. */
class GoTime extends GoObject {
  readonly type: GoType = timeType;
  readonly moment: Moment;

  constructor(moment: Moment) {
    super();
    this.moment = moment;
  }

  override text(): string {
    return formatTime(this.moment, "2006-01-02 15:04:05.999999999 -0700 MST");
  }

  override toData(): Value {
    return formatTime(this.moment, "2006-01-02T15:04:05.999999999Z07:00");
  }

  override method(name: string): GoFunction | undefined {
    return Object.hasOwn(methods, name) ? methods[name] : undefined;
  }
}

const time = object(timeType, (value) => value instanceof GoTime);
const duration: Param<bigint> = {
  type: durationType,
  nil: refused,
  take: (value) => (value instanceof GoInt && value.type === durationType ? value.value : refused),
};

const civil = (read: (civil: Civil) => Value) => fn([time], ({ moment }) => read(civilOf(moment)));
const inZone = (moment: Moment, zone: Zone) => new GoTime({ ...moment, zone });

const methods: Readonly<Record<string, GoFunction>> = {
  String: fn([time], (self) => self.text()),
  Format: fn([time, string], ({ moment }, layout) => formatTime(moment, layout)),
  Unix: fn([time], ({ moment }) => goInt64(unixSeconds(moment))),
  UnixMilli: fn([time], ({ moment }) => goInt64(moment.nanoseconds / 1_000_000n)),
  UnixMicro: fn([time], ({ moment }) => goInt64(moment.nanoseconds / 1000n)),
  UnixNano: fn([time], ({ moment }) => goInt64(moment.nanoseconds)),
  Year: civil(({ year }) => goInt(year)),
  Month: civil(({ month }) => new GoInt(monthType, BigInt(month))),
  Day: civil(({ day }) => goInt(day)),
  Hour: civil(({ hour }) => goInt(hour)),
  Minute: civil(({ minute }) => goInt(minute)),
  Second: civil((at) => goInt(at.second)),
  Nanosecond: civil(({ nanosecond }) => goInt(nanosecond)),
  Weekday: civil(({ weekday }) => new GoInt(weekdayType, BigInt(weekday))),
  YearDay: civil(({ yearDay }) => goInt(yearDay)),
  UTC: fn([time], ({ moment }) => inZone(moment, utc)),
  Local: runFn([time], (run, { moment }) => inZone(moment, localZone(run))),
  IsZero: fn([time], ({ moment }) => moment.nanoseconds === zeroMoment.nanoseconds),
  AddDate: fn([time, int, int, int], ({ moment }, years, months, days) => {
    const at = civilOf(moment);
    return new GoTime(
      momentAt({ ...at, year: at.year + years, month: at.month + months, day: at.day + days }, moment.zone),
    );
  }),
  Add: fn([time, duration], ({ moment }, by) => new GoTime({ ...moment, nanoseconds: moment.nanoseconds + by })),
  Sub: fn([time, time], (self, other) => {
    return new GoInt(durationType, self.moment.nanoseconds - other.moment.nanoseconds);
  }),
  Before: fn([time, time], (self, other) => self.moment.nanoseconds < other.moment.nanoseconds),
  After: fn([time, time], (self, other) => self.moment.nanoseconds > other.moment.nanoseconds),
  Equal: fn([time, time], (self, other) => self.moment.nanoseconds === other.moment.nanoseconds),
};

/** Sprig's functions on dates. What Go calls the local zone, and what time it is, the caller of the render says. */
export const dateFunctions: FunctionTable = {
  now: runFn([], (run) => new GoTime(now(run))),
  date: runFn([string, any], (run, layout, date) => formatIn(run, layout, date, "Local")),
  htmlDate: runFn([any], (run, date) => formatIn(run, "2006-01-02", date, "Local")),
  htmlDateInZone: runFn([any, string], (run, date, zone) => formatIn(run, "2006-01-02", date, zone)),
  dateInZone: runFn([string, any, string], formatIn),
  date_in_zone: runFn([string, any, string], formatIn),
  dateModify: fn([string, time], (change, date) => modify(change, date) ?? date),
  date_modify: fn([string, time], (change, date) => modify(change, date) ?? date),
  mustDateModify: fn([string, time], modifyOrFail),
  must_date_modify: fn([string, time], modifyOrFail),
  toDate: runFn([string, string], (run, layout, text) => {
    const moment = parseTime(layout, text, localZone(run));
    return new GoTime(typeof moment === "string" ? zeroMoment : moment);
  }),
  mustToDate: runFn([string, string], (run, layout, text) => {
    const moment = parseTime(layout, text, localZone(run));
    if (typeof moment === "string") throw new GoError(moment);
    return new GoTime(moment);
  }),
  unixEpoch: fn([time], ({ moment }) => String(unixSeconds(moment))),
  ago: runFn([any], (run, date) => {
    const age = now(run).nanoseconds - momentFrom(run, date).nanoseconds;
    const sign = age < 0n ? -1n : 1n;
    return formatDuration(((age * sign + second / 2n) / second) * second * sign);
  }),
  duration: fn([any], (seconds) => formatDuration(BigInt.asIntN(64, secondsOf(seconds) * second))),
  durationRound: runFn([any], roundDuration),
};

function now(run: Run): Moment {
  return momentOf(run.options.now(), localZone(run));
}

function localZone(run: Run): Zone {
  return loadZone("Local", run.options.timeZone ?? "UTC") ?? utc;
}

/** A date or seconds since 1970; everything else is now. */
function momentFrom(run: Run, date: Value): Moment {
  if (date instanceof GoTime) return date.moment;
  if (date instanceof GoInt && /^int(?:64|32)?$/.test(date.type.name)) {
    return { nanoseconds: date.value * second, zone: localZone(run) };
  }
  return now(run);
}

function formatIn(run: Run, layout: string, date: Value, zoneName: string): string {
  const zone = loadZone(zoneName, run.options.timeZone ?? "UTC") ?? utc;
  return formatTime({ ...momentFrom(run, date), zone }, layout);
}

function modify(change: string, { moment }: GoTime): GoTime | undefined {
  const by = parseDuration(change);
  return typeof by === "string" ? undefined : new GoTime({ ...moment, nanoseconds: moment.nanoseconds + by });
}

function modifyOrFail(change: string, date: GoTime): GoTime {
  const problem = parseDuration(change);
  if (typeof problem === "string") throw new GoError(problem);
  return modify(change, date) ?? date;
}

function secondsOf(value: Value): bigint {
  if (value instanceof GoInt) return value.type.name === "int64" ? value.value : 0n;
  if (typeof value !== "string") return 0n;
  const seconds = parseGoInteger(value, 10);
  if (seconds === undefined) return 0n;
  return inInt64(seconds) ? seconds : seconds < 0n ? -(2n ** 63n) : 2n ** 63n - 1n;
}

const roundUnits: readonly (readonly [bigint, string])[] = [
  [365n * 24n * 3600n, "y"],
  [30n * 24n * 3600n, "mo"],
  [24n * 3600n, "d"],
  [3600n, "h"],
  [60n, "m"],
  [1n, "s"],
];

function roundDuration(run: Run, value: Value): string {
  let nanoseconds = 0n;
  if (typeof value === "string") {
    const parsed = parseDuration(value);
    nanoseconds = typeof parsed === "string" ? 0n : parsed;
  } else if (value instanceof GoInt && value.type.name === "int64") nanoseconds = value.value;
  else if (value instanceof GoTime) nanoseconds = now(run).nanoseconds - value.moment.nanoseconds;
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const unit = roundUnits.find(([seconds]) => size > seconds * second);
  return unit === undefined ? "0s" : `${size / (unit[0] * second)}${unit[1]}`;
}

/** The layouts of TOML, and what BurntSushi/toml calls the place of a date or time without one. */
const tomlLayouts: readonly (readonly [layout: string, zone: string | undefined])[] = [
  ["2006-01-02T15:04:05.999999999Z07:00", undefined],
  ["2006-01-02T15:04:05.999999999", "datetime-local"],
  ["2006-01-02", "date-local"],
  ["15:04:05.999999999", "time-local"],
];

/** A date or time of TOML; `undefined` when it is malformed. */
export function tomlTime(text: string): Value {
  const written = text
    .replace(/^(\S+) /, "$1T")
    .replace("t", "T")
    .replace("z", "Z");
  for (const [layout, name] of tomlLayouts) {
    const moment = parseTime(layout, written, name === undefined ? utc : fixedZone(0, name));
    if (typeof moment !== "string") return new GoTime(moment);
  }
  return undefined;
}
