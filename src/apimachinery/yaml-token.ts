/** What a token is. Numbers, because they are compared several times for each token. */
export const tokens = {
  streamEnd: 0,
  versionDirective: 1,
  tagDirective: 2,
  documentStart: 3,
  documentEnd: 4,
  blockSequenceStart: 5,
  blockMappingStart: 6,
  blockEnd: 7,
  flowSequenceStart: 8,
  flowMappingStart: 9,
  flowSequenceEnd: 10,
  flowMappingEnd: 11,
  blockEntry: 12,
  flowEntry: 13,
  key: 14,
  value: 15,
  alias: 16,
  anchor: 17,
  tag: 18,
  plain: 19,
  quoted: 20,
} as const;

/**
 * A token.
 *
 * @property at the offset where it begins
 * @property text of scalars what they say, of anchors and aliases the name, of tags and tag directives the handle, of version
 *   directives the version
 * @property suffix of tags what stands behind the handle, of tag directives the prefix
 */
export class Token {
  readonly type: number;
  readonly at: number;
  readonly text: string;
  readonly suffix: string;
  /** Which entry of the scanner's keys may make this the beginning of a key; -1 for none. */
  keyIndex = -1;

  constructor(type: number, at: number, text = "", suffix = "") {
    this.type = type;
    this.at = at;
    this.text = text;
    this.suffix = suffix;
  }
}
