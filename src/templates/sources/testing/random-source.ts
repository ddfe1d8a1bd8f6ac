/** Integers from 0 up to a limit; the same ones for the same seed, so that what fails can be repeated. */
export type Random = (limit: number) => number;

export function createRandom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

export function pick<T>(random: Random, list: readonly [T, ...T[]]): T {
  return list[random(list.length)] ?? list[0];
}

const keys = [
  "enabled",
  "replicaCount",
  "image",
  "repository",
  "tag",
  "pullPolicy",
  "service",
  "type",
  "port",
  "resources",
  "limits",
  "nodeSelector",
  "tolerations",
  "affinity",
  "labels",
  "annotations",
  "password",
  "existingSecret",
  "args",
  "env",
  "name",
  "a.b/c",
  '"quoted key"',
  "'it''s'",
  "on",
  "1",
  "__proto__",
  "constructor",
] as const;
const scalars = [
  '""',
  "null",
  "~",
  "",
  "true",
  "no",
  "0",
  "1",
  "8080",
  "1.0",
  "-2.5",
  "1e3",
  "0x1F",
  "ClusterIP",
  "IfNotPresent",
  "info",
  "plain text that is # not a comment? it is",
  '"a # b"',
  "'it''s'",
  "{}",
  "[]",
  "{a: 1, b: [x, 'y']}",
  "[1, 2.5]",
  '[{name: x, value: "y"}, {name: z}]',
  "https://example.com:80/#x",
  "&anchor 5",
  "!!str 5",
  "|\n@  line one\n@  # no comment\n@  key: no key",
  ">-\n@  folded\n\n@  text",
  "'two\n@  lines: here'",
  "[a,\n@  b, # why\n@  c]",
] as const;
const comments = [
  "plain text above a key",
  "-- text for helm-docs",
  "-- (int) a number",
  "-- (string) a text, one of: `debug`, `info`",
  "@default -- something",
  "@ignored",
  "@section -- A section",
  "@schema type:[string, null];minLength:2;enum:[a, b]",
  "@schema",
  "type: integer",
  "minimum: 5",
  "required: true",
  "enum: [x, y]",
  "pattern: ^a|b$",
  "@param image.tag [string, nullable] The tag",
  "@param labels [object] Labels",
  "@skip image",
  "@extra extra.field [array] One more",
  "Valid values: ClusterIP, NodePort",
  "+docs:type=string",
  "key: value",
  "- item",
  "e.g.",
  "----",
  "",
] as const;

/** A values file as somebody may write it, of a few hundred lines at most: valid YAML, with comments anywhere. */
export function randomValues(random: Random): string {
  const lines: string[] = [];
  writeMap(0, 0);
  return `${lines.join(random(8) === 0 ? "\r\n" : "\n")}\n`;

  function writeMap(column: number, depth: number): void {
    const names = [...keys].sort(() => random(3) - 1).slice(0, 1 + random(depth > 3 ? 2 : 6));
    for (const name of names) writeEntry(name, column, depth);
  }

  function writeEntry(name: string, column: number, depth: number): void {
    const space = " ".repeat(column);
    while (random(3) === 0) lines.push(comment(random(6) === 0 ? column + 2 : column));
    if (random(6) === 0) lines.push("");
    const shape = random(depth > 4 ? 4 : 8);
    if (shape < 5) lines.push(`${space}${name}: ${scalar(space)}`);
    else if (shape === 5) {
      lines.push(`${space}${name}:${random(2) === 0 ? " # what it is" : ""}`);
      const inner = random(2) === 0 ? space : `${space}  `;
      for (let count = random(3) + 1; count > 0; count--) writeItem(inner, depth);
    } else {
      lines.push(`${space}${name}:`);
      writeMap(column + 2, depth + 1);
    }
    if (random(8) === 0) lines.push(comment(column + 2));
  }

  function writeItem(space: string, depth: number): void {
    if (random(2) === 0) {
      lines.push(`${space}- ${pick(random, ["x", "5", "null", '"q: q"', "{a: b}", "[1]"])}`);
      return;
    }
    const start = lines.length;
    writeMap(space.length + 2, depth + 1);
    const first = lines.findIndex((line, index) => index >= start && /^\s*[^\s#]/.test(line));
    lines[first] = `${space}- ${(lines[first] ?? "").slice(space.length + 2)}`;
    // A comment between a dash and its first key would stand outside of the item.
    lines.splice(start, first - start);
  }

  function scalar(space: string): string {
    const text = pick(random, scalars).replaceAll("@", space);
    const isOneLine = !text.includes("\n") && text !== "" && !text.startsWith("plain");
    return isOneLine && random(5) === 0 ? `${text} # ${pick(random, comments)}` : text;
  }

  function comment(column: number): string {
    return `${" ".repeat(column)}${pick(random, ["#", "##", "# ", "## ", "#! "])}${pick(random, comments)}`;
  }
}

const types = ["string", "integer", "number", "boolean", "object", "array", "null", "nonsense"] as const;

/** Something that may be a schema, in any draft, valid or not, and refers to whatever is or is not there. */
export function randomSchema(random: Random, depth = 0): unknown {
  if (depth > 3 || random(8) === 0) return pick<unknown>(random, [true, false, {}, null, 5, "text", [], { $ref: "#" }]);
  const schema: Record<string, unknown> = {};
  const inner = () => randomSchema(random, depth + 1);
  const named = () =>
    Object.fromEntries(["a", "b/c", "d~e", "%", "$ref", "id"].slice(0, random(6)).map((name) => [name, inner()]));
  const listed = () => Array.from({ length: random(3) }, inner);
  const writers: Record<string, () => unknown> = {
    type: () => (random(3) === 0 ? [pick(random, types), pick(random, types)] : pick(random, types)),
    properties: named,
    required: () => ["a", "b/c"],
    $ref: () =>
      pick(random, [
        "#",
        "#/$defs/a",
        "#/definitions/b~1c",
        "#/properties/%25",
        "#anchor",
        "other.json",
        "https://example.com/x.json#/y",
        "#/nowhere",
        "%%%",
        "#/a/%zz",
      ]),
    $id: () => pick(random, ["https://example.com/x.json", "other.json", "#anchor", "urn:x:y", "%%%"]),
    id: () => "x.json",
    $anchor: () => "anchor",
    $schema: () =>
      pick(random, ["http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft/2020-12/schema"]),
    $defs: named,
    definitions: named,
    items: () => (random(2) === 0 ? inner() : listed()),
    prefixItems: listed,
    allOf: listed,
    anyOf: listed,
    oneOf: listed,
    not: inner,
    if: inner,
    // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
    then: inner,
    additionalProperties: inner,
    patternProperties: named,
    enum: () => [1, "a", null],
    default: () => ({ a: 1 }),
    pattern: () => pick(random, ["^a$", "(", "\\p{L}"]),
    minimum: () => random(5),
    exclusiveMinimum: () => pick<unknown>(random, [true, 3]),
    title: () => pick<unknown>(random, ["Title", 5]),
    description: () => pick<unknown>(random, ["What it is", null]),
    $dynamicRef: () => "#anchor",
    $recursiveRef: () => "#",
  };
  for (const [keyword, write] of Object.entries(writers)) if (random(6) === 0) schema[keyword] = write();
  return schema;
}
