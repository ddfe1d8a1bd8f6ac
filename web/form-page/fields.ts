import type { FieldProps, RegistryFieldsType } from "@rjsf/utils";
import { createElement as h, type ReactElement } from "react";
import type { Answers } from "./preview-api.ts";

/** The portal's own fields that ask for a text of one line; it looks up what can be chosen, this page has no catalog. */
const lookups: Record<string, string> = {
  OwnerPicker: "group:default/team",
  EntityPicker: "component:default/name",
  EntityNamePicker: "name",
  MyGroupsPicker: "group:default/team",
  OwnedEntityPicker: "component:default/name",
};

function labelled(props: FieldProps, input: ReactElement): ReactElement {
  const { schema, uiSchema, name, required, rawErrors = [], idSchema } = props;
  const help = uiSchema?.["ui:help"] ?? schema.description;
  return h(
    "div",
    { className: rawErrors.length > 0 ? "field has-error" : "field" },
    h(
      "label",
      { className: "control-label", htmlFor: idSchema.$id },
      schema.title ?? name,
      required ? h("span", { className: "required" }, " *") : null,
    ),
    input,
    help === undefined ? null : h("p", { className: "help-block" }, String(help)),
    ...rawErrors.map((error) => h("p", { key: error, className: "text-danger" }, error)),
  );
}

function TextField(props: FieldProps & { placeholder?: string; type?: string }): ReactElement {
  const { formData, onChange, idSchema, placeholder = "", type = "text" } = props;
  return labelled(
    props,
    h("input", {
      id: idSchema.$id,
      className: "form-control",
      type,
      placeholder,
      value: typeof formData === "string" ? formData : "",
      onChange: (event: { target: HTMLInputElement }) =>
        onChange(event.target.value === "" ? undefined : event.target.value),
    }),
  );
}

/** As the portal's field of this name the value is `host?owner=…&repo=…`. */
function RepoUrlField(props: FieldProps): ReactElement {
  const { formData, onChange, uiSchema, idSchema } = props;
  const [host = "", query = ""] = String(formData ?? "").split("?");
  const parts = new URLSearchParams(query);
  const options = uiSchema?.["ui:options"];
  const hosts = Array.isArray(options?.["allowedHosts"]) ? options["allowedHosts"].map(String) : [];
  const change = (next: { host?: string; owner?: string; repo?: string }) => {
    const owner = next.owner ?? parts.get("owner") ?? "";
    const repo = next.repo ?? parts.get("repo") ?? "";
    onChange(
      `${next.host ?? (host || hosts[0] || "")}?owner=${encodeURIComponent(owner)}&repo=${encodeURIComponent(repo)}`,
    );
  };
  const input = (part: "host" | "owner" | "repo", value: string) =>
    h("input", {
      key: part,
      id: part === "host" ? idSchema.$id : `${idSchema.$id}_${part}`,
      className: "form-control",
      placeholder: part === "host" ? hosts.join(" or ") || "host" : part,
      "aria-label": part,
      value,
      onChange: (event: { target: HTMLInputElement }) => change({ [part]: event.target.value }),
    });
  return labelled(
    props,
    h(
      "div",
      { className: "parts" },
      input("host", host),
      input("owner", parts.get("owner") ?? ""),
      input("repo", parts.get("repo") ?? ""),
    ),
  );
}

/** Fields of the portal by name. What is not here is a field of a portal's own, and is shown as a text. */
export function fieldsFor(names: Iterable<string>): RegistryFieldsType<Answers> {
  const fields: RegistryFieldsType<Answers> = {};
  for (const name of names) {
    if (name === "RepoUrlPicker") fields[name] = RepoUrlField;
    else if (name === "Secret") fields[name] = (props: FieldProps) => h(TextField, { ...props, type: "password" });
    else fields[name] = (props: FieldProps) => h(TextField, { ...props, placeholder: lookups[name] ?? name });
  }
  return fields;
}

/** Names of the fields that hints ask for, at any depth. */
export function fieldNames(uiSchema: unknown, names = new Set<string>()): Set<string> {
  const open = [uiSchema];
  for (let next = open.pop(); open.length > 0 || next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null) continue;
    for (const [key, value] of Object.entries(next)) {
      if (key === "ui:field" && typeof value === "string") names.add(value);
      else open.push(value);
    }
  }
  return names;
}
