/** Ends of words whose plural is not the rule, the longest first where one ends as another does. */
const irregular: readonly (readonly [singular: string, plural: string])[] = [
  ["metadata", "metadata"],
  ["data", "data"],
  ["equipment", "equipment"],
  ["information", "information"],
  ["series", "series"],
  ["news", "news"],
  ["ies", "ies"],
  ["analysis", "analyses"],
  ["basis", "bases"],
  ["index", "indices"],
  ["vertex", "vertices"],
  ["matrix", "matrices"],
  ["child", "children"],
  ["person", "people"],
  ["criterion", "criteria"],
  ["knife", "knives"],
  ["life", "lives"],
  ["leaf", "leaves"],
  ["shelf", "shelves"],
  ["half", "halves"],
  ["quiz", "quizzes"],
  ["mouse", "mice"],
];

/** The resource that a kind is served as where its author does not say it, as English has it: `networkpolicies`. */
export function pluralOf(kind: string): string {
  const word = kind.toLowerCase();
  for (const [singular, plural] of irregular) {
    if (word.endsWith(singular)) return word.slice(0, -singular.length) + plural;
  }
  if (/(?:s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return `${word}s`;
}
