import Form from "@rjsf/core";
import { customizeValidator } from "@rjsf/validator-ajv8";
import { createElement as h, type ReactElement, useEffect, useMemo, useState } from "react";
import { fieldNames, fieldsFor } from "./fields.ts";
import {
  type Answers,
  loadForm,
  loadResult,
  onSourceChange,
  type PreviewForm,
  type PreviewPage,
  type PreviewResult,
  type PreviewTemplate,
} from "./preview-api.ts";

/** Answers change with every key; what they make is asked for when the typing stops. */
const settleMs = 250;

/** The whole page: which template, its form, and what it makes of the answers. */
export function App(): ReactElement {
  const [form, setForm] = useState<PreviewForm>();
  const [failure, setFailure] = useState("");
  const [chosen, setChosen] = useState("");
  useEffect(() => {
    const load = () =>
      loadForm().then(
        (loaded) => {
          setForm(loaded);
          setFailure("");
        },
        (error: unknown) => setFailure(String(error)),
      );
    void load();
    return onSourceChange(load);
  }, []);
  if (form === undefined) return h("p", { className: "notice" }, failure || "Loading…");
  const template = form.templates.find(({ name }) => name === chosen) ?? form.templates[0];
  return h(
    "div",
    null,
    failure === "" ? null : h("p", { className: "problem" }, failure),
    h(Problems, { problems: form.problems }),
    form.templates.length > 1
      ? h(
          "select",
          {
            className: "chooser",
            "aria-label": "Template",
            value: template?.name ?? "",
            onChange: (event: { target: HTMLSelectElement }) => setChosen(event.target.value),
          },
          form.templates.map(({ name, title }) => h("option", { key: name, value: name }, `${title} (${name})`)),
        )
      : null,
    template === undefined
      ? h("p", { className: "notice" }, "There is no template.")
      : h(TemplateView, { key: template.name, template }),
  );
}

function TemplateView({ template }: { template: PreviewTemplate }): ReactElement {
  const [answers, setAnswers] = useState<Answers>({});
  const [at, setAt] = useState(0);
  const pages = template.pages;
  const page = pages[Math.min(at, pages.length - 1)];
  return h(
    "div",
    { className: "columns" },
    h(
      "main",
      null,
      h("h1", null, template.title),
      template.description === "" ? null : h("p", { className: "lead" }, template.description),
      h(Problems, { problems: template.problems }),
      h(Stepper, { titles: [...pages.map(({ title }) => title), "Review"], at, onChoose: setAt }),
      at >= pages.length || page === undefined
        ? h(Review, {
            answers,
            onBack: () => setAt(pages.length - 1),
            onReset: () => {
              setAnswers({});
              setAt(0);
            },
          })
        : h(PageForm, {
            key: at,
            page,
            answers,
            isFirst: at === 0,
            onChange: setAnswers,
            onBack: () => setAt(at - 1),
            onNext: () => setAt(at + 1),
          }),
    ),
    h(Result, { template: template.name, answers }),
  );
}

function Stepper({
  titles,
  at,
  onChoose,
}: {
  titles: string[];
  at: number;
  onChoose: (at: number) => void;
}): ReactElement {
  return h(
    "ol",
    { className: "stepper" },
    titles.map((title, index) =>
      h(
        "li",
        { key: `${index} ${title}`, "aria-current": index === at ? "step" : undefined },
        h("button", { type: "button", disabled: index > at, onClick: () => onChoose(index) }, `${index + 1}. ${title}`),
      ),
    ),
  );
}

type PageFormProps = {
  page: PreviewPage;
  answers: Answers;
  isFirst: boolean;
  onChange: (answers: Answers) => void;
  onBack: () => void;
  onNext: () => void;
};

function PageForm({ page, answers, isFirst, onChange, onBack, onNext }: PageFormProps): ReactElement {
  const [hasTried, setHasTried] = useState(false);
  const validator = useMemo(() => customizeValidator<Answers>(), []);
  const fields = useMemo(() => fieldsFor(fieldNames(page.uiSchema)), [page]);
  return h(
    Form<Answers>,
    {
      schema: page.schema,
      uiSchema: page.uiSchema,
      validator,
      fields,
      formData: answers,
      noHtml5Validate: true,
      showErrorList: false,
      liveValidate: hasTried,
      // As the portal's scaffolder sets it.
      experimental_defaultFormStateBehavior: { allOf: "populateDefaults" },
      onChange: ({ formData = {} }) => onChange(formData),
      onError: () => setHasTried(true),
      onSubmit: ({ formData = {} }) => {
        onChange(formData);
        onNext();
      },
    },
    h(
      "div",
      { className: "actions" },
      isFirst ? null : h("button", { type: "button", onClick: onBack }, "Back"),
      h("button", { type: "submit", className: "primary" }, "Next"),
    ),
  );
}

function Review({
  answers,
  onBack,
  onReset,
}: {
  answers: Answers;
  onBack: () => void;
  onReset: () => void;
}): ReactElement {
  return h(
    "section",
    null,
    h("p", null, "Every page is valid. The portal would create it now."),
    h("pre", { id: "answers" }, JSON.stringify(answers, null, 2)),
    h(
      "div",
      { className: "actions" },
      h("button", { type: "button", onClick: onBack }, "Back"),
      h("button", { type: "button", onClick: onReset }, "Start over"),
    ),
  );
}

function Result({ template, answers }: { template: string; answers: Answers }): ReactElement {
  const [result, setResult] = useState<PreviewResult>({ files: [], skipped: [], problems: [] });
  const [source, setSource] = useState(0);
  useEffect(() => onSourceChange(() => setSource((count) => count + 1)), []);
  // As a text, so that an equal question is not asked again; the count makes it another one after a change of the sources.
  const question = JSON.stringify({ template, answers, source });
  useEffect(() => {
    const controller = new AbortController();
    const failed = (error: unknown) => {
      if (!controller.signal.aborted) setResult({ files: [], skipped: [], problems: [String(error)] });
    };
    const timer = setTimeout(() => void loadResult(question, controller.signal).then(setResult, failed), settleMs);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [question]);
  return h(
    "aside",
    { "aria-label": "Result" },
    h("h2", null, "Result"),
    h(Problems, { problems: result.problems }),
    result.files.map(({ path, content }) =>
      h(
        "details",
        { key: path, open: result.files.length < 4 || path.startsWith("manifests/") },
        h("summary", null, path),
        h("pre", null, content),
      ),
    ),
    result.skipped.length === 0
      ? null
      : h("p", { className: "notice" }, `Steps that only a portal runs: ${result.skipped.join(", ")}`),
    h("details", null, h("summary", null, "Answers"), h("pre", null, JSON.stringify(answers, null, 2))),
  );
}

function Problems({ problems }: { problems: string[] }): ReactElement | null {
  if (problems.length === 0) return null;
  return h(
    "ul",
    { className: "problem" },
    problems.map((problem) => h("li", { key: problem }, problem)),
  );
}
