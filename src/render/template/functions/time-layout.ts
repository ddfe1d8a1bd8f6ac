import { type Civil, civilOf, daysOf, type Moment, momentAt, quoteTime } from "./go-time.ts";
import { fixedZone, utc, type Zone } from "./time-zone.ts";

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

export function monthName(month: number): string {
  return months[month - 1] ?? `%!Month(${month})`;
}

export function weekdayName(weekday: number): string {
  return weekdays[weekday] ?? `%!Weekday(${weekday})`;
}

/** The parts of a layout: what a reference time of 2006 shows in each place, the longest first. */
const elements =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|01|02|03|04|05|06|002|15|PM|pm|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|__2|_2(?!006)|[.,](?:0+|9+)(?!\d)|1|2|3|4|5/;

type Element = { readonly prefix: string; readonly element: string };

/** Splits a layout into elements and what stands before them. */
function elementsOf(layout: string): { parts: Element[]; rest: string } {
  const parts: Element[] = [];
  let rest = layout;
  for (let found = elements.exec(rest); found !== null; found = elements.exec(rest)) {
    const [element] = found;
    parts.push({ prefix: rest.slice(0, found.index), element });
    rest = rest.slice(found.index + element.length);
  }
  return { parts, rest };
}

const pad = (value: number, width: number, fill = "0") => {
  const digits = String(Math.abs(value)).padStart(width, fill);
  return value < 0 ? `-${digits}` : digits;
};

/** `Time.Format` */
export function formatTime(moment: Moment, layout: string): string {
  const civil = civilOf(moment);
  const { parts, rest } = elementsOf(layout);
  return parts.map(({ prefix, element }) => prefix + formatElement(element, civil)).join("") + rest;
}

function formatElement(element: string, civil: Civil): string {
  switch (element) {
    case "January":
      return monthName(civil.month);
    case "Jan":
      return monthName(civil.month).slice(0, 3);
    case "1":
      return String(civil.month);
    case "01":
      return pad(civil.month, 2);
    case "Monday":
      return weekdayName(civil.weekday);
    case "Mon":
      return weekdayName(civil.weekday).slice(0, 3);
    case "2":
      return String(civil.day);
    case "_2":
      return pad(civil.day, 2, " ");
    case "02":
      return pad(civil.day, 2);
    case "__2":
      return pad(civil.yearDay, 3, " ");
    case "002":
      return pad(civil.yearDay, 3);
    case "15":
      return pad(civil.hour, 2);
    case "3":
      return String(civil.hour % 12 || 12);
    case "03":
      return pad(civil.hour % 12 || 12, 2);
    case "4":
      return String(civil.minute);
    case "04":
      return pad(civil.minute, 2);
    case "5":
      return String(civil.second);
    case "05":
      return pad(civil.second, 2);
    case "2006":
      return pad(civil.year, 4);
    case "06":
      return pad(((civil.year % 100) + 100) % 100, 2);
    case "PM":
      return civil.hour >= 12 ? "PM" : "AM";
    case "pm":
      return civil.hour >= 12 ? "pm" : "am";
    case "MST":
      return civil.zoneName === "" ? formatOffset(civil.offsetSeconds, "-0700").replace(/00$/, "") : civil.zoneName;
  }
  if (element.startsWith("Z")) return civil.offsetSeconds === 0 ? "Z" : formatOffset(civil.offsetSeconds, element);
  if (element.startsWith("-")) return formatOffset(civil.offsetSeconds, element);
  return formatFraction(civil.nanosecond, element);
}

function formatOffset(offset: number, element: string): string {
  const size = Math.abs(offset);
  const colon = element.includes(":") ? ":" : "";
  const count = element.replace(/[^\d]/g, "").length / 2;
  const clock = [size / 3600, (size / 60) % 60, size % 60].slice(0, count).map((part) => pad(Math.floor(part), 2));
  return (offset < 0 ? "-" : "+") + clock.join(colon);
}

/** `.000` keeps zeros at the end, `.999` does not. */
function formatFraction(nanosecond: number, element: string): string {
  const digits = pad(nanosecond, 9).slice(0, element.length - 1);
  if (element.includes("0")) return element.charAt(0) + digits;
  const shown = digits.replace(/0+$/, "");
  return shown === "" ? "" : element.charAt(0) + shown;
}

type Found = {
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  isPm: boolean | undefined;
  offset: number | undefined;
  zoneName: string | undefined;
};

/**
 * `time.ParseInLocation`
 *
 * @returns a string that says in Go's words why the text does not fit the layout
 */
export function parseTime(layout: string, text: string, zone: Zone): Moment | string {
  const found: Found = {
    year: 0,
    month: -1,
    day: -1,
    yearDay: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    isPm: undefined,
    offset: undefined,
    zoneName: undefined,
  };
  const q = quoteTime;
  const problem = (value: string, element: string) =>
    `parsing time ${q(text)} as ${q(layout)}: cannot parse ${q(value)} as ${q(element)}`;
  const outOfRange = (what: string) => `parsing time ${q(text)}: ${what} out of range`;
  const { parts, rest } = elementsOf(layout);
  let value = text;
  for (const { prefix, element } of parts) {
    const afterPrefix = skipPrefix(value, prefix);
    value = afterPrefix.rest;
    if (!afterPrefix.isWhole) return problem(value, prefix);
    const read = readElement(element, value, found);
    if (read === undefined) return problem(value, element);
    if (typeof read === "string") return outOfRange(read);
    value = value.slice(read);
    // A fraction of a second may follow though the layout has none.
    if ((element === "5" || element === "05") && /^[.,]\d/.test(value)) {
      const next = parts[parts.findIndex((part) => part.element === element) + 1];
      if (next === undefined || next.prefix !== "" || !/^[.,]/.test(next.element)) {
        const fraction = /^[.,](\d+)/.exec(value);
        if (fraction !== null && fraction[1] !== undefined) {
          found.nanosecond = Number(fraction[1].slice(0, 9).padEnd(9, "0"));
          value = value.slice(fraction[0].length);
        }
      }
    }
  }
  const afterRest = skipPrefix(value, rest);
  if (!afterRest.isWhole) return problem(afterRest.rest, rest);
  if (afterRest.rest !== "") return `parsing time ${q(text)}: extra text: ${q(afterRest.rest)}`;
  return assemble(found, zone) ?? outOfRange("day");
}

/** Spaces of a layout stand for any number of spaces. @returns what is left where the prefix ends, or no longer fits */
function skipPrefix(value: string, prefix: string): { rest: string; isWhole: boolean } {
  let at = 0;
  for (let index = 0; index < prefix.length; index++) {
    if (prefix[index] === " ") {
      if (at < value.length && value[at] !== " ") return { rest: value.slice(at), isWhole: false };
      while (prefix[index + 1] === " ") index++;
      while (value[at] === " ") at++;
    } else if (value[at] === prefix[index]) {
      at++;
    } else {
      return { rest: value.slice(at), isWhole: false };
    }
  }
  return { rest: value.slice(at), isWhole: true };
}

/** @returns how many characters the element took; a string names what is out of range */
function readElement(element: string, value: string, found: Found): number | string | undefined {
  const digits = (pattern: RegExp, low: number, high: number, what: string, set: (number: number) => void) => {
    const text = pattern.exec(value)?.[0];
    if (text === undefined) return undefined;
    const number = Number(text.trim());
    if (number < low || number > high) return what;
    set(number);
    return text.length;
  };
  const named = (names: readonly string[], set: (index: number) => void) => {
    const index = names.findIndex((name) => value.toLowerCase().startsWith(name.toLowerCase()));
    if (index < 0) return undefined;
    set(index);
    return names[index]?.length;
  };
  switch (element) {
    case "2006":
      return digits(/^\d{4}/, 0, 9999, "year", (year) => (found.year = year));
    case "06":
      return digits(/^\d{2}/, 0, 99, "year", (year) => (found.year = year >= 69 ? year + 1900 : year + 2000));
    case "Jan":
      return named(
        months.map((name) => name.slice(0, 3)),
        (index) => (found.month = index + 1),
      );
    case "January":
      return named(months, (index) => (found.month = index + 1));
    case "01":
      return digits(/^\d{2}/, 1, 12, "month", (month) => (found.month = month));
    case "1":
      return digits(/^\d{1,2}/, 1, 12, "month", (month) => (found.month = month));
    case "Mon":
      return named(
        weekdays.map((name) => name.slice(0, 3)),
        () => {},
      );
    case "Monday":
      return named(weekdays, () => {});
    case "02":
      return digits(/^\d{2}/, 0, 99, "day", (day) => (found.day = day));
    case "2":
    case "_2":
      return digits(element === "2" ? /^\d{1,2}/ : /^ ?\d{1,2}/, 0, 99, "day", (day) => (found.day = day));
    case "002":
      return digits(/^\d{3}/, 0, 999, "day-of-year", (day) => (found.yearDay = day));
    case "__2":
      return digits(/^ {0,2}\d{1,3}/, 0, 999, "day-of-year", (day) => (found.yearDay = day));
    case "15":
      return digits(/^\d{1,2}/, 0, 23, "hour", (hour) => (found.hour = hour));
    case "03":
      return digits(/^\d{2}/, 0, 12, "hour", (hour) => (found.hour = hour));
    case "3":
      return digits(/^\d{1,2}/, 0, 12, "hour", (hour) => (found.hour = hour));
    case "04":
      return digits(/^\d{2}/, 0, 59, "minute", (minute) => (found.minute = minute));
    case "4":
      return digits(/^\d{1,2}/, 0, 59, "minute", (minute) => (found.minute = minute));
    case "05":
      return digits(/^\d{2}/, 0, 59, "second", (second) => (found.second = second));
    case "5":
      return digits(/^\d{1,2}/, 0, 59, "second", (second) => (found.second = second));
    case "PM":
    case "pm": {
      const half = value.slice(0, 2);
      const [am, pm] = element === "PM" ? ["AM", "PM"] : ["am", "pm"];
      if (half !== am && half !== pm) return undefined;
      found.isPm = half === pm;
      return 2;
    }
    case "MST": {
      const name = /^(?:UTC|GMT[+-]\d{1,2}|[A-Z]{3,5}|[+-]\d{2}(?:\d{2})?)/.exec(value)?.[0];
      if (name === undefined) return undefined;
      found.zoneName = name;
      return name.length;
    }
  }
  if (/^[Z-]/.test(element)) return readOffset(element, value, found);
  return readFraction(element, value, found);
}

function readOffset(element: string, value: string, found: Found): number | string | undefined {
  if (element.startsWith("Z") && value.startsWith("Z")) {
    found.offset = 0;
    return 1;
  }
  const pairs = element.replace(/[^\d]/g, "").length / 2;
  const colon = element.includes(":") ? ":" : "";
  const pattern = new RegExp(`^([+-])(\\d{2})${`${colon}(\\d{2})`.repeat(pairs - 1)}`);
  const [all, sign, hours = "0", minutes = "0", seconds = "0"] = pattern.exec(value) ?? [];
  if (all === undefined) return undefined;
  if (Number(hours) > 24) return "time zone offset hour";
  if (Number(minutes) > 60) return "time zone offset minute";
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  found.offset = sign === "-" ? -size : size;
  return all.length;
}

function readFraction(element: string, value: string, found: Found): number | undefined {
  const isFixed = element.includes("0");
  const size = element.length - 1;
  const text = (isFixed ? new RegExp(`^[.,](\\d{${size}})`) : /^[.,](\d+)/).exec(value);
  if (text === null) return isFixed ? undefined : 0;
  found.nanosecond = Number((text[1] ?? "").slice(0, 9).padEnd(9, "0"));
  return text[0].length;
}

function assemble(found: Found, zone: Zone): Moment | undefined {
  let { month, day } = found;
  const { year, yearDay, isPm } = found;
  let { hour } = found;
  if (isPm === true && hour < 12) hour += 12;
  if (isPm === false && hour === 12) hour = 0;
  if (yearDay >= 0) {
    const inYear = daysOf(year + 1, 1, 1) - daysOf(year, 1, 1);
    if (yearDay < 1 || yearDay > inYear) return undefined;
    if (month < 0) {
      month = 1;
      day = yearDay;
    }
  } else {
    if (month < 0) month = 1;
    if (day < 0) day = 1;
    if (day < 1 || day > daysOf(year, month + 1, 1) - daysOf(year, month, 1)) return undefined;
  }
  const civil = { ...found, month, day, hour };
  if (found.offset !== undefined) return momentAt(civil, offsetZone(found.offset, found.zoneName, zone, civil));
  if (found.zoneName === undefined) return momentAt(civil, zone);
  if (found.zoneName === "UTC") return momentAt(civil, utc);
  const local = momentAt(civil, zone);
  if (civilOf(local).zoneName === found.zoneName) return local;
  const offset = /^GMT([+-]\d+)$/.exec(found.zoneName)?.[1];
  return momentAt(civil, fixedZone(offset === undefined ? 0 : Number(offset) * 3600, found.zoneName));
}

/** The place itself when its clock is as far from UTC at that moment. */
function offsetZone(offset: number, name: string | undefined, zone: Zone, civil: Parameters<typeof momentAt>[0]): Zone {
  const fixed = fixedZone(offset, name ?? "");
  const there = civilOf({ ...momentAt(civil, fixed), zone });
  const isThere = there.offsetSeconds === offset && (name === undefined || name === there.zoneName);
  return isThere ? zone : offset === 0 && name === undefined ? utc : fixed;
}
