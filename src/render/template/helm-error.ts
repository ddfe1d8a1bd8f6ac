import { failEnd, failStart } from "./functions/helm.ts";
import { ExecError, type GoError } from "./go-error.ts";

/** How Helm shows an error in the syntax of a template: only the place and the end of the message. */
export function describeParseError(file: string, { message }: GoError): string {
  const parts = message.split(": ");
  if (parts.length === 1) return `parse error in (${file}): ${message}`;
  return `parse error at (${parts[1]}): ${parts.at(-1)}`;
}

/**
 * How Helm shows an error of a running template. A message of `fail` or `required` stands alone; else each template on the
 * way to the error has its lines, unless there is something on the way that is no template: then it is one line.
 */
export function describeExecError(file: string, error: GoError): string {
  if (!(error instanceof ExecError)) return error.message;
  const { message } = error;
  const [, location, rest] = /^.*?: (.*?): (.*)$/s.exec(message) ?? [];
  if (location === undefined || rest === undefined) return `execution error in (${file}): ${message}`;
  const start = rest.indexOf(failStart);
  const end = rest.lastIndexOf(failEnd);
  if (start >= 0 && end >= start + failStart.length) {
    return `execution error at (${location}): ${rest.slice(start + failStart.length, end)}`;
  }
  const traces: string[] = [];
  for (let at: GoError | undefined = error; at !== undefined; at = at.wrapped) {
    const trace = traceOf(at.message);
    if (trace === undefined) return message;
    if (traces.at(-1) !== trace) traces.push(trace);
  }
  return traces.join("").trim();
}

function traceOf(message: string): string | undefined {
  if (!message.startsWith("template: ")) return undefined;
  const rest = message.slice("template: ".length);
  if (rest.startsWith("no template ")) return `${message}\n`;
  const executing = /^(.*?): executing "([^"]*)" at <(.*?)>: (.*)$/s.exec(rest);
  if (executing !== null) {
    const [, location, name, node, why = ""] = executing;
    return formatTrace(location, `executing "${name}" at <${node}>:`, why);
  }
  const separator = rest.lastIndexOf(": ");
  return separator < 0 ? undefined : formatTrace(rest.slice(0, separator), "", rest.slice(separator + 2));
}

/** What follows ` template:` is told by the next one. */
function formatTrace(location: string | undefined, executing: string, why: string): string {
  const next = why.indexOf(" template:");
  const own = next < 0 ? why : why.slice(0, next);
  return [location && `${location}\n  `, executing && `${executing}\n    `, own && `${own}\n`].join("");
}
