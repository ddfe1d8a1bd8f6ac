import { quoteGo } from "../../../apimachinery/index.ts";
import { GoError } from "../go-error.ts";
import { quoteText } from "../go-format.ts";
import { type Run, type Template, TemplateSet } from "../run.ts";
import { any, type FunctionTable, fn, runFn, string } from "../signature.ts";
import { newMap, type Value } from "../values.ts";

/** How often a template may be including itself, as Helm counts. */
const includesMax = 1000;

/** What stands around the message of `fail` and `required`, by which Helm finds it in the error. */
export const failStart = "HELM_ERR_START";
export const failEnd = "HELM_ERR_END";

/** The functions that Helm has for charts. */
export const helmFunctions: FunctionTable = {
  include: runFn([string, any], (run, name, data) => include(run, name, data ?? undefined)),
  tpl: runFn([string, any], (run, text, data) => renderText(run, text, data ?? undefined)),
  required: fn([string, any], (message, value) => {
    if (value === null || value === "") throw new GoError(failStart + message + failEnd);
    return value;
  }),
  fail: fn([string], (message) => {
    throw new GoError(failStart + message + failEnd);
  }),
  lookup: runFn([string, string, string, string], (run, apiVersion, kind, namespace, name) => {
    return run.options.lookup?.(apiVersion, kind, namespace, name) ?? newMap();
  }),
  // Names are not resolved while rendering: the answer would depend on the network.
  getHostByName: fn([string], () => ""),
};

function include(run: Run, name: string, data: Value): string {
  const { includes } = run.budget;
  const count = includes.get(name) ?? 0;
  if (count > includesMax) {
    throw new GoError(
      `rendering template has a nested reference name: ${name}: unable to execute template`,
      new GoError("unable to execute template"),
    );
  }
  const template = run.templates.get(name);
  if (template === undefined) {
    throw new GoError(`template: no template ${quoteGo(name)} associated with template "gotpl"`);
  }
  includes.set(name, count + 1);
  try {
    return run.execute(template, data);
  } finally {
    includes.set(name, (includes.get(name) ?? 1) - 1);
  }
}

/** Renders a text as a template that knows those around it, and whose own nobody else knows. */
function renderText(run: Run, text: string, data: Value): string {
  const wrap = (what: string, error: unknown) => {
    if (!(error instanceof GoError)) return error;
    return new GoError(`${what}: ${error.message}`, error);
  };
  let inner: Run;
  let main: Template;
  try {
    const templates = new TemplateSet(run.templates);
    const parsed = run.memory.parse(text);
    templates.add(parsed.all);
    inner = run.within(templates);
    main = parsed.main;
  } catch (error) {
    throw wrap(`cannot parse template ${quoteText(text)}`, error);
  }
  try {
    return inner.execute(main, data).replaceAll("<no value>", "");
  } catch (error) {
    throw wrap(`error during tpl function execution for ${quoteText(text)}`, error);
  }
}
