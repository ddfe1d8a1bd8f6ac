import { quantityPattern } from "./formats.ts";
import { samplesOfPattern } from "./pattern-sample.ts";

/** What a text must be: `patterns` and `formats` all at once. */
export type TextWish = {
  name: string;
  patterns: readonly string[];
  formats: readonly string[];
  minLength: number;
  maxLength: number;
  /** Which of several different texts is asked for, from 0. */
  ordinal: number;
};

const arn = "arn:aws:iam::123456789012:role/example";

/** What fields of well-known names hold, for schemas that say no more than that it is a text. */
const byName: readonly (readonly [RegExp, string])[] = [
  [/cron|schedule$/i, "0 0 * * *"],
  [/arns?$/i, arn],
  [/image$/i, "nginx:1.27"],
  [/cidr/i, "10.0.0.0/16"],
  [/e-?mail/i, "team@example.com"],
  [/(?:url|uri|endpoint|issuer|website)s?$/i, "https://example.com"],
  [/(?:host|hostname|fqdn|domain|domainname|dnsnames?)$/i, "example.com"],
  [/(?:ip|ipaddress|address)$/i, "10.0.0.1"],
  [/(?:duration|interval|timeout|ttl|delay|window)$/i, "1h"],
  [/cpu$/i, "1"],
  [/(?:memory|storage|disk|volumesize|size)$/i, "1Gi"],
  [/region$/i, "us-east-1"],
  [/apiversion$/i, "v1"],
  [/version$/i, "1.0.0"],
  [/^kind$|kind$/i, "ConfigMap"],
  [/namespace$/i, "default"],
  [/(?:policydocument|policy|json)$/i, '{"Version":"2012-10-17","Statement":[]}'],
  [/timezone$/i, "UTC"],
  [/(?:timestamp|datetime)$/i, "2026-01-31T12:00:00Z"],
  [/date$/i, "2026-01-31"],
  [/(?:path|prefix)$/i, "/"],
  [/port$/i, "80"],
];

/** Texts that patterns of schemas are often about. */
const likely: readonly string[] = [
  "example",
  "a",
  "1",
  "0",
  "Example",
  "EXAMPLE",
  "example-name",
  "example.com",
  "example.com/name",
  "*.example.com",
  "example/name",
  "https://example.com",
  "https://example.com/",
  "http://example.com",
  "10.0.0.1",
  "10.0.0.0/16",
  "fd00::1",
  "fd00::/8",
  "1h",
  "1m0s",
  "30s",
  "5m",
  "P1D",
  "PT1H",
  "1Gi",
  "100m",
  "50%",
  "100%",
  "v1",
  "v1.0.0",
  "1.0.0",
  "1.0",
  "2026-01-31",
  "2026-01-31T12:00:00Z",
  "12:00",
  "0 0 * * *",
  "mon:03:00-mon:04:00",
  "03:00-04:00",
  "us-east-1",
  "us-east-1a",
  arn,
  "arn:aws:s3:::example",
  "arn:aws:kms:us-east-1:123456789012:key/123e4567-e89b-12d3-a456-426614174000",
  "123456789012",
  "vpc-0123456789abcdef0",
  "subnet-0123456789abcdef0",
  "sg-0123456789abcdef0",
  "ami-0123456789abcdef0",
  "123e4567-e89b-12d3-a456-426614174000",
  "team@example.com",
  "s3://example/path",
  "oci://example.com/chart",
  "git@example.com:team/name.git",
  "/",
  "/example",
  "/example/path",
  "nginx:1.27",
  "registry.example.com/name:1.0",
  "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "#336699",
  "00:00:5e:00:53:01",
  "c2tpZmY=",
  "{}",
  "[]",
  "true",
  "UTC",
  "Europe/Berlin",
  "",
];

const byFormat: Readonly<Record<string, string>> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T12:00:00Z",
  time: "12:00:00Z",
  duration: "PT1H",
  email: "team@example.com",
  hostname: "example.com",
  ipv4: "10.0.0.1",
  ipv6: "fd00::1",
  uri: "https://example.com/",
  "uri-reference": "https://example.com/",
  "uri-template": "https://example.com/{id}",
  uuid: "123e4567-e89b-12d3-a456-426614174000",
  regex: "^a+$",
  "json-pointer": "/example",
  "json-pointer-uri-fragment": "#/example",
  "relative-json-pointer": "0",
  color: "#336699",
  "data-url": "data:text/plain;base64,c2tpZmY=",
};

/** Texts that may be what is wished, the most likely first. */
export function* textCandidates(wish: TextWish): Generator<string> {
  const { name, patterns, formats, minLength, maxLength, ordinal } = wish;
  for (const format of formats) {
    const known = byFormat[format];
    if (known !== undefined) yield* variants(known, format, ordinal);
  }
  if (patterns.includes(quantityPattern) || patterns.some((pattern) => pattern.includes("[KMGTPE]i")))
    yield String(ordinal + 1);
  const guess = byName.find(([pattern]) => pattern.test(name))?.[1];
  if (guess !== undefined) yield* variants(guess, "", ordinal);
  yield* variants("example", "", ordinal);
  if (patterns.length > 0) {
    for (const text of likely) if (ordinal === 0) yield text;
    for (const pattern of patterns) {
      const samples = samplesOfPattern(pattern, minLength);
      yield* samples.slice(ordinal);
      yield* samples;
      // A pattern that says how a text begins or ends leaves the rest open.
      const fillers = [minLength, 8].map((length) =>
        "example-example-".repeat(Math.ceil(length / 16)).slice(0, length),
      );
      for (const text of samples.slice(0, 8)) {
        for (const filler of fillers) {
          yield `${text}${filler.slice(0, Math.max(minLength - text.length, ordinal + 1))}`;
          yield `${filler.slice(0, Math.max(minLength - text.length, ordinal + 1))}${text}`;
        }
        for (const other of patterns) {
          if (other === pattern) continue;
          for (const ending of samplesOfPattern(other, minLength).slice(0, 4)) yield `${text}${ending}`;
        }
      }
    }
    for (const text of likely) for (const one of variants(text, "", ordinal)) yield one;
  }
  if (maxLength < "example".length) yield "example-".repeat(1).slice(0, Math.max(maxLength - ordinal, 0));
  for (const character of ["a", "b", "c", "0", "1"])
    yield character.repeat(Math.min(Math.max(minLength, 1) + ordinal, maxLength));
  if (minLength > 0)
    yield "example-"
      .repeat(Math.ceil(minLength / 8))
      .slice(0, minLength - 1)
      .concat("x");
}

/** The text, or others like it when different ones are needed. */
function* variants(text: string, format: string, ordinal: number): Generator<string> {
  if (ordinal === 0) {
    yield text;
    return;
  }
  const next = String(ordinal + 1);
  if (/^(?:email|hostname|uri|uri-reference)$/.test(format) || /example\.com/.test(text)) {
    yield text.replace("example.com", `example-${next}.com`);
  }
  yield `${text}-${next}`;
  yield text.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + ordinal) % 10));
  yield `${text}${next}`;
}
