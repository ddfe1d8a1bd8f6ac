import { badRequest } from "./status-error.ts";

/** `field` is a path such as `spec.nodeName`; which ones exist is up to the resource. */
export type FieldRequirement = { field: string; operator: "=" | "!="; value: string };

/** All requirements must hold; none means everything matches. */
export type FieldSelector = readonly FieldRequirement[];

/**
 * Reads `status.phase!=Running,metadata.name=a`; in values `\\`, `\,` and `\=` stand for those characters.
 *
 * @throws {StatusError} `BadRequest` in the words of Kubernetes' parser
 */
export function parseFieldSelector(text: string): FieldSelector {
  const terms = text.match(/(?:\\.|[^,\\]|\\$)+/gs) ?? [];
  return terms.map((term) => {
    const [, field, operator, value] = /^(.*?)(!=|==|=)(.*)$/s.exec(term) ?? [];
    if (field === undefined || value === undefined) {
      throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    }
    return { field, operator: operator === "!=" ? "!=" : "=", value: unescapeValue(value) };
  });
}

function unescapeValue(value: string): string {
  return value.replace(/\\(.?)|[=,]/gs, (text, escaped: string | undefined) => {
    if (escaped === undefined) {
      throw badRequest(`invalid field selector: unescaped character in value: ${text.charCodeAt(0)}`);
    }
    if (escaped === "" || !"\\,=".includes(escaped)) {
      throw badRequest(`invalid field selector: invalid escape sequence: ${text}`);
    }
    return escaped;
  });
}

/**
 * Whether an object satisfies every requirement.
 *
 * @param fieldOf reads a field of the object; `undefined` counts as empty
 */
export function matchesFields(selector: FieldSelector, fieldOf: (field: string) => string | undefined): boolean {
  return selector.every(({ field, operator, value }) => ((fieldOf(field) ?? "") === value) === (operator === "="));
}

/** The text of a selector; parsing it gives the selector again. */
export function formatFieldSelector(selector: FieldSelector): string {
  return selector.map(({ field, operator, value }) => field + operator + value.replace(/[\\,=]/g, "\\$&")).join(",");
}
