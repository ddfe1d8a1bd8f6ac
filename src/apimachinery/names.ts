/** Why a name is not valid, in Kubernetes' words; empty when it is. A message begins in lower case and has no full stop. */
export type NameProblems = string[];

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const dns1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const qualified = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValue = `(${qualified})?`;
const configKey = "[-._a-zA-Z0-9]+";
const environment = "[-._a-zA-Z][-._a-zA-Z0-9]*";

const patterns = new Map(
  [label, subdomain, dns1035, qualified, labelValue, configKey, environment].map((source) => [
    source,
    new RegExp(`^${source}$`),
  ]),
);

const labelSizeMax = 63;
const subdomainSizeMax = 253;

const ends = "and must start and end with an alphanumeric character";
const qualifiedWords = `must consist of alphanumeric characters, '-', '_' or '.', ${ends}`;

/** Most names: lower-case letters, digits, `-` and `.`, at most 253 characters. */
export function validateSubdomain(name: string): NameProblems {
  const words = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${ends}`;
  return [...checkSize(name, subdomainSizeMax), ...checkPattern(name, subdomain, words, ["example.com"])];
}

/** Names without dots, such as those of namespaces; at most 63 characters. */
export function validateLabel(name: string): NameProblems {
  const problems = checkSize(name, labelSizeMax);
  if (matches(label, name)) return problems;
  if (matches(subdomain, name)) return [...problems, "must not contain dots"];
  const words = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${ends}`;
  return [...problems, ...checkPattern(name, label, words, ["my-name", "123-abc"])];
}

/** Names that begin with a letter, such as those of services; at most 63 characters. */
export function validateDns1035Label(name: string): NameProblems {
  const words =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  return [...checkSize(name, labelSizeMax), ...checkPattern(name, dns1035, words, ["my-name", "abc-123"])];
}

/** Names of roles and the like: anything that can stand in one segment of a URL path. */
export function validatePathSegment(name: string): NameProblems {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"]
    .filter((character) => name.includes(character))
    .map((character) => `may not contain '${character}'`);
}

/** Keys of labels and annotations, finalizers: `example.com/name` or `name`. */
export function validateQualifiedName(name: string): NameProblems {
  const examples = ["MyName", "my.name", "123-abc"];
  const parts = name.split("/");
  if (parts.length > 2) {
    const ending = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    return [describePattern(qualified, `a qualified name ${qualifiedWords}`, examples) + ending];
  }
  const last = parts.at(-1) ?? "";
  const [prefix] = parts.length === 2 ? parts : [];
  const nameProblems = [
    ...(last === "" ? ["must be non-empty"] : checkSize(last, labelSizeMax)),
    ...checkPattern(last, qualified, qualifiedWords, examples),
  ];
  return [
    ...prefixProblems(prefix).map((problem) => `prefix part ${problem}`),
    ...nameProblems.map((problem) => `name part ${problem}`),
  ];
}

function prefixProblems(prefix: string | undefined): NameProblems {
  if (prefix === undefined) return [];
  return prefix === "" ? ["must be non-empty"] : validateSubdomain(prefix);
}

/** Values of labels; empty is valid. */
export function validateLabelValue(value: string): NameProblems {
  const words = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${ends}`;
  const examples = ["MyValue", "my_value", "12345"];
  return [...checkSize(value, labelSizeMax), ...checkPattern(value, labelValue, words, examples)];
}

/** Keys in the data of ConfigMaps and Secrets. */
export function validateConfigKey(key: string): NameProblems {
  const words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  const problems = [
    ...checkSize(key, subdomainSizeMax),
    ...checkPattern(key, configKey, words, ["key.name", "KEY_NAME", "key-name"]),
  ];
  if (key === "." || key === "..") return [...problems, `must not be '${key}'`];
  return key.startsWith("..") ? [...problems, "must not start with '..'"] : problems;
}

/** Names of environment variables in the narrow form, which every version of Kubernetes takes. */
export function validateEnvironmentName(name: string): NameProblems {
  const words =
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
  const problems = checkPattern(name, environment, words, ["my.env-name", "MY_ENV.NAME", "MyEnvName1"]);
  if (name === "." || name === "..") return [...problems, `must not be '${name}'`];
  return name.startsWith("..") ? [...problems, "must not start with '..'"] : problems;
}

/** Names of container and service ports; at most 15 characters, at least one of them a letter. */
export function validatePortName(name: string): NameProblems {
  return [
    ...checkSize(name, 15),
    ...(/^[-a-z0-9]+$/.test(name) ? [] : ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"]),
    ...(/[a-z]/.test(name) ? [] : ["must contain at least one letter (a-z)"]),
    ...(name.includes("--") ? ["must not contain consecutive hyphens"] : []),
    ...(/^-|-$/.test(name) ? ["must not begin or end with a hyphen"] : []),
  ];
}

function checkSize(name: string, sizeMax: number): NameProblems {
  return Buffer.byteLength(name) > sizeMax ? [`must be no more than ${sizeMax} characters`] : [];
}

function matches(source: string, name: string): boolean {
  return patterns.get(source)?.test(name) ?? false;
}

function checkPattern(name: string, source: string, words: string, examples: string[]): NameProblems {
  return matches(source, name) ? [] : [describePattern(source, words, examples)];
}

function describePattern(source: string, words: string, examples: string[]): string {
  const list = examples.map((example) => `'${example}', `).join(" or ");
  return `${words} (e.g. ${list}regex used for validation is '${source}')`;
}

/** No vowels and nothing that looks like another character, so that no word appears and nothing is misread. */
const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";
const suffixLength = 5;

/** Names longer than this are cut before a suffix is added, so that the result is still a label. */
const baseSizeMax = 63 - suffixLength;

/**
 * The name that `metadata.generateName` asks for: the base and five characters.
 *
 * @param random from 0 up to, not including, 1, like `Math.random`
 */
export function generateName(base: string, random: () => number): string {
  let suffix = "";
  for (let index = 0; index < suffixLength; index++) {
    suffix += suffixAlphabet[Math.floor(random() * suffixAlphabet.length)] ?? "";
  }
  return base.slice(0, baseSizeMax) + suffix;
}
