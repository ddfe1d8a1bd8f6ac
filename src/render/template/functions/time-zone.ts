/** How far a place is from UTC at a moment: seconds east of it, and what the time is called there. */
export type ZoneOffset = { readonly seconds: number; readonly name: string };

/** A place with its rules of time, as `time.LoadLocation` finds it. */
export type Zone = { readonly name: string; readonly at: (unixMs: number) => ZoneOffset };

export const utc: Zone = { name: "UTC", at: () => ({ seconds: 0, name: "UTC" }) };

/** A zone that is always as far from UTC; without a name it is shown by its distance. */
export function fixedZone(seconds: number, name = ""): Zone {
  return { name, at: () => ({ seconds, name }) };
}

/** A zone of the IANA database; `undefined` for a name that it does not have. */
export function findZone(name: string): Zone | undefined {
  if (name === "" || name === "UTC") return utc;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: name, hourCycle: "h23", ...fields });
  } catch {
    return undefined;
  }
  // `+01:00` is a zone to JavaScript, not to Go.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  return {
    name,
    at: (unixMs) => {
      const second = Math.floor(unixMs / 1000) * 1000;
      const part = new Map(format.formatToParts(second).map(({ type, value }) => [type, value]));
      const number = (type: Intl.DateTimeFormatPartTypes) => Number(part.get(type));
      const year = part.get("era") === "BC" ? 1 - number("year") : number("year");
      const local = new Date(0);
      local.setUTCFullYear(year, number("month") - 1, number("day"));
      local.setUTCHours(number("hour"), number("minute"), number("second"));
      const seconds = Math.round((local.getTime() - second) / 1000);
      return { seconds, name: abbreviation(name, second, seconds) };
    },
  };
}

const fields: Intl.DateTimeFormatOptions = {
  era: "short",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
};

/** Each English speaking country has the abbreviations of its part of the world. */
const locales = ["en-US", "en-GB", "en-AU", "en-CA", "en-IN", "en-ZA", "en-NZ"];

/** Abbreviations that Intl knows in no language we ask, for zones that are asked for often. */
const abbreviations: Readonly<Record<string, string>> = {
  "Asia/Tokyo": "JST",
  "Asia/Seoul": "KST",
  "Asia/Shanghai": "CST",
  "Asia/Hong_Kong": "HKT",
  "Asia/Taipei": "CST",
  "Asia/Kolkata": "IST",
  "Asia/Calcutta": "IST",
  "Asia/Jakarta": "WIB",
  "Asia/Manila": "PST",
  "Asia/Karachi": "PKT",
  "Europe/Moscow": "MSK",
};

function abbreviation(zone: string, unixMs: number, seconds: number): string {
  const known = abbreviations[zone];
  if (known !== undefined) return known;
  for (const locale of locales) {
    const format = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "short" });
    const name = format.formatToParts(unixMs).find(({ type }) => type === "timeZoneName")?.value ?? "";
    if (/^[A-Z]{3,5}$/.test(name)) return name;
  }
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const clock =
    String(Math.floor(minutes / 60)).padStart(2, "0") + (minutes % 60 ? String(minutes % 60).padStart(2, "0") : "");
  return (seconds < 0 ? "-" : "+") + clock;
}
