import { type Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "../errors.ts";
import type { SourceChoice } from "./find-inputs.ts";
import { publishTargets } from "./template-flags.ts";

const sources: Record<SourceChoice, { description: string; alias?: string }> = {
  crd: { description: "Templates from CustomResourceDefinitions and Crossplane's CompositeResourceDefinitions" },
  tf: { description: "Templates from Terraform and OpenTofu modules", alias: "terraform" },
  helm: { description: "Templates from Helm charts: directories and archives" },
  kro: { description: "Templates from kro's ResourceGraphDefinitions" },
  openapi: { description: "Templates from the schemas of OpenAPI documents" },
  "json-schema": { description: "Templates from JSON Schemas" },
  auto: { description: "Templates from everything that is recognized" },
};

/** `skiff template` and `skiff k8s`. Each command's code is loaded when it is called. */
export function addTemplate(program: Command): void {
  const template = program.command("template").description("Forms and Backstage templates from what you already have");
  for (const choice of Object.keys(sources)) if (isChoice(choice)) addSource(template, choice);
  addVerify(template, (flags) => flags);
  addTest(template);
  addPreview(template);
  const k8s = program.command("k8s").description("What cnoe-cli calls verify").addOption(kubeconfigOption());
  addVerify(k8s, (flags) => ({ ...k8s.opts(), ...flags }));
}

function isChoice(text: string): text is SourceChoice {
  return Object.hasOwn(sources, text);
}

function addSource(template: Command, choice: SourceChoice): void {
  const { description, alias } = sources[choice];
  const command = template.command(choice).description(description);
  if (alias !== undefined) command.alias(alias);
  command
    .argument("[path...]", "files and directories to read; - is standard input")
    .addOption(list("-i, --inputDir <directory>", "directory to read; repeat it for several"))
    .option("-o, --outputDir <directory>", "where templates are written (default: the current directory)", "")
    .option("--depth <levels>", "how many levels of directories below the input are read", parseDepth, 2)
    .option("-t, --templatePath <file>", "template that the form is put into; without it templates are made whole")
    .option("-p, --insertAt <path>", "where in that template", ".spec.parameters[0]")
    .option("-c, --collapse", "one template with a choice between everything that was read", false)
    .addOption(new Option("--colllapse").implies({ collapse: true }).hideHelp())
    .addOption(new Option("--oneOf").implies({ collapse: true }).hideHelp())
    .option("--raw", "only the properties, without a template", false)
    .addOption(
      new Option(
        "--schema <which>",
        "with -t, -c or --raw: the schema as it stands, or as the portal's form takes it",
      ).choices(["verbatim", "form"]),
    )
    .option("--templateName <name>", "name of the template that is made")
    .option("--templateTitle <title>", "its title")
    .option("--templateDescription <text>", "its description")
    .option("--form-depth <levels>", "how deep forms are; below it objects are edited as YAML", parseLevels)
    .addOption(new Option("--publish <where>", "what the template does with the files").choices([...publishTargets]))
    .option("--owner <entity>", "owner of the template and of what it makes")
    .option("--type <type>", "type of the template in the catalog")
    .option("--host <host>", "Git server of the templates, as the portal's integrations name it")
    .option("--account <name>", "account of Gitea in which repositories are made")
    .option("--watch", "stay, and make again what changes", false)
    .option("--progress", "say every second how far it is, also when it is no terminal", false)
    .option("--notes", "every note about what was left out of the forms, not only the first", false);
  if (choice === "tf" || choice === "auto") {
    command
      .addOption(
        new Option("--terraform <how>", "what applies a module: tofu-controller in the cluster, or nothing").choices([
          "tofu-controller",
          "plain",
        ]),
      )
      .option("--module-source <address>", "address to call the module by (default: where it was read)");
  }
  if (choice === "helm" || choice === "auto")
    command.option("--chart-repository <url>", "where the chart is published");
  if (choice === "crd")
    command.addOption(list("-v, --verifier <name>", "what the resource is verified against; repeat it for several"));
  if (choice === "crd" || choice === "auto")
    command.option("--version <version>", "this version of custom resources (default: the stored one)");
  if (choice === "crd" || choice === "kro" || choice === "auto") {
    command
      .option("--from-cluster", "read the definitions of a cluster; arguments are names of them", false)
      .addOption(list("--group <group>", "only definitions of this group; repeat it for several"));
    clusterOptions(command);
  }
  command.action(async (paths: string[], flags) =>
    (await import("../commands/template.ts")).template(choice, paths, {
      verifier: [],
      fromCluster: false,
      group: [],
      ...flags,
    }),
  );
}

function addVerify(parent: Command, complete: (flags: Record<string, unknown>) => Record<string, unknown>): void {
  const command = parent
    .command("verify")
    .description("Say whether a cluster has what Prerequisites ask for")
    .addOption(
      list("-c, --config <file>", "file of a Prerequisite, or one that is built in: ack-s3, spark, bad-spark"),
    );
  clusterOptions(command);
  command.action(async (flags) => {
    const { config, name, kubeconfig, context } = complete(flags);
    await (await import("../commands/template-verify.ts")).verify({
      config: Array.isArray(config) ? config : [],
      ...(typeof name === "string" && { name }),
      ...(typeof kubeconfig === "string" && { kubeconfig }),
      ...(typeof context === "string" && { context }),
    });
  });
}

function addTest(template: Command): void {
  template
    .command("test")
    .argument("<path...>", "templates, directories of them, or sources to make them from")
    .description("Fill templates in with sample answers, and let an API server judge what they make")
    .option("--depth <levels>", "how many levels of directories below the input are read", parseDepth, 8)
    .addOption(list("--crds <path>", "definitions of the kinds that templates make; repeat it for several"))
    .option("--answers <file>", "answers in YAML or JSON in place of samples")
    .option("--keep <directory>", "keep what was made in this directory")
    .option(
      "--name <name>",
      "platform that judges, in a logical cluster of its own (default: a control plane in this process)",
    )
    .option("--cluster [context]", "judge by the cluster of a kubeconfig as it is; nothing is stored in it")
    .addOption(kubeconfigOption())
    .option("-o, --output <format>", "text or json", "text")
    .action(async (paths, flags) => (await import("../commands/template-test.ts")).testTemplates(paths, flags));
}

function addPreview(template: Command): void {
  template
    .command("preview")
    .argument("<path...>", "a template, or a source to make one from")
    .description("Show the form of a template in the terminal, or as the portal shows it")
    .option("--depth <levels>", "how many levels of directories below the input are read", parseDepth, 2)
    .option("--browser", "serve a page with the form on 127.0.0.1 until interrupted", false)
    .option("--port <port>", "port of that page (default: a free one)", parsePort)
    .action(async (paths, flags) => (await import("../commands/template-preview.ts")).preview(paths, flags));
}

function clusterOptions(command: Command): void {
  command
    .addOption(kubeconfigOption())
    .option("--context <name>", "context of the kubeconfig (default: the current one)")
    .option("--name <name>", "a platform of Skiff in place of a kubeconfig");
}

function kubeconfigOption(): Option {
  return new Option(
    "-k, --kubeconfig <file>",
    "path to the kubeconfig file (default: $KUBECONFIG, else ~/.kube/config)",
  );
}

function list(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((value: string, before: string[] = []) => [...before, value])
    .default([], "none");
}

function parseDepth(text: string): number {
  // cnoe-cli's flag is an unsigned number of 32 bits.
  if (/^\d+$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new InvalidArgumentError(`${JSON.stringify(text)} is no number of levels.`);
}

function parseLevels(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 32) return Number(text);
  throw new InvalidArgumentError(`${JSON.stringify(text)} is no depth of a form: give a number from 1 to 32.`);
}

function parsePort(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535) return Number(text);
  throw new CliError("usage", {
    why: `${JSON.stringify(text)} is no port: give a number from 1 to 65535`,
    command: "skiff template preview",
  });
}
