import { domainToASCII } from "node:url";
import { Command, Option } from "commander";
import type { CreateFlags } from "./commands/create.ts";
import { defaultName } from "./default-name.ts";
import { CliError } from "./errors.ts";
import { addTemplate } from "./template/add-template.ts";

/** As many nodes as a platform can have. */
const nodesMax = 1000;
/** Names of the DNS have up to 253 characters, and what the platform puts in front of the host needs some of them. */
const hostMax = 240;

/** The command line. Each command's code is loaded when it is called, so that `--help` and `get` start fast. */
export function createProgram(): Command {
  const program = new Command("skiff")
    .description("An internal developer platform on this machine: Kubernetes API, Git and GitOps in one process")
    .option("-l, --log-level <level>", "log level of the platform: debug, info, warn or error", parseLogLevel, "info")
    .option(
      "--color",
      "color the states that create shows, also when it is no terminal (NO_COLOR turns colors off)",
      false,
    )
    .exitOverride()
    .showHelpAfterError("(run with --help to see what there is)")
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: true, showGlobalOptions: true });
  addCreate(program);
  addGet(program);
  addCluster(program);
  addBackup(program);
  addRender(program);
  addTemplate(program);
  program
    .command("delete")
    .description("Stop a platform and remove everything it keeps")
    .addOption(nameOption())
    .action(async ({ name }) => (await import("./commands/delete.ts")).deletePlatform(name));
  program
    .command("start")
    .description("Start a platform that was stopped")
    .addOption(nameOption())
    .option("--foreground", "run in this process until it is interrupted", false)
    .action(async ({ name, foreground }) =>
      (await import("./commands/start.ts")).start({ name, foreground, logLevel: program.opts()["logLevel"] }),
    );
  program
    .command("stop")
    .description("Stop a platform; its state stays")
    .addOption(nameOption())
    .option("--force", "kill a process that does not stop by itself", false)
    .action(async ({ name, force }) => (await import("./commands/stop.ts")).stop({ name, force }));
  program
    .command("status")
    .description("Show what runs, and what is not ready and why")
    .addOption(nameOption())
    .option("-o, --output <format>", "table, json or yaml", "table")
    .action(async (flags) => (await import("./commands/status.ts")).status(flags));
  program
    .command("logs")
    .description("Print the platform's log")
    .addOption(nameOption())
    .option("-f, --follow", "go on as lines are written", false)
    .option("--tail <lines>", "only the last lines", parseCount)
    .action(async (flags) => (await import("./commands/logs.ts")).logs(flags));
  program
    .command("kubeconfig")
    .description("Print a kubeconfig for the platform, or add it to yours")
    .addOption(nameOption())
    .option("--cluster <cluster>", "of a logical cluster inside the platform")
    .option("--merge", "add the context to $KUBECONFIG or ~/.kube/config and make it current", false)
    .action(async (flags) => (await import("./commands/kubeconfig.ts")).kubeconfig(flags));
  program
    .command("trust")
    .description("Say how to trust the platform's certificates, or do it")
    .addOption(nameOption())
    .option("--install", "install the certificate authority in this machine's trust stores", false)
    .option("--uninstall", "take it out again", false)
    .action(async (flags) => (await import("./commands/trust.ts")).trust(flags));
  program
    .command("version")
    .description("Print the version")
    .option("-o, --output <format>", "empty, json or yaml", "")
    .action(async ({ output }) => (await import("./commands/version.ts")).version(output));
  return program;
}

function addCreate(program: Command): void {
  program
    .command("create")
    .description("Create a platform, or change the one that runs, and wait until it is ready")
    .addOption(nameOption())
    .addOption(new Option("--build-name <name>", "old name of --name").hideHelp())
    .option("--recreate", "delete the platform first if it exists", false)
    .option("--host <name>", "base domain of the platform (default: skiff.localhost)", parseHost)
    .option("--ingress-host-name <name>", "further host name, for a proxy in front", parseHost)
    .option("--port <port>", "port of the gateway (default: 8443)", parsePort)
    .option("--api-port <port>", "port of the Kubernetes API on 127.0.0.1 (default: a free one)", parsePort)
    .addOption(new Option("--protocol <protocol>", "https or http (default: https)").argParser(parseProtocol))
    .option("--listen-address <address>", "address the gateway listens on (default: 127.0.0.1)")
    .addOption(
      new Option(
        "--compute <mode>",
        "what becomes of pods: none leaves them waiting, simulated plays their life cycle (default: none)",
      ).choices(["none", "simulated"]),
    )
    .option("--nodes <count>", "how many nodes there are (default: 1)", parseNodes)
    .option("--use-path-routing", "serve under paths of one host instead of sub-domains")
    .option("--dev-password", "use the password developer everywhere, for demonstrations")
    .option(
      "-p, --package <package>",
      "directory, YAML file or https://host/org/repo//path?ref=x; repeat or separate by commas",
      collect,
      [],
    )
    .option(
      "--authentication-config <file>",
      "AuthenticationConfiguration with the issuers of tokens that are trusted ('' for none)",
    )
    .option("--audit-policy-file <file>", "audit policy that says which requests go to log/audit.log ('' for none)")
    .option(
      "--chart-keyring <file>",
      "OpenPGP keyring; charts that are signed must be signed by one of its keys ('' for none)",
    )
    .option("-n, --no-exit", "stay and show changes until interrupted; the platform runs on either way")
    .option("--timeout <duration>", "how long to wait until everything is ready", "5m")
    .addOption(
      new Option("-o, --output <format>", "progress as text or json events").choices(["text", "json"]).default("text"),
    )
    .addOption(new Option("--kube-version <version>").hideHelp())
    .addOption(new Option("--kind-config <file>").hideHelp())
    .addOption(new Option("--extra-ports <ports>").hideHelp())
    .addOption(new Option("--registry-config [files]").hideHelp())
    .addOption(new Option("-c, --package-custom-file <file>").argParser(collect).hideHelp())
    .action(async (flags: CreateFlags) => {
      const given = program.commands.find((command) => command.name() === "create");
      const explicit = (option: string) => given?.getOptionValueSource(option) === "cli";
      const name = explicit("buildName") && flags.buildName !== undefined ? flags.buildName : flags.name;
      await (await import("./commands/create.ts")).create({
        ...flags,
        name,
        stay: explicit("exit") && flags.exit === false,
        logLevel: program.opts()["logLevel"],
        color: program.opts()["color"],
      });
    });
}

function addBackup(program: Command): void {
  program
    .command("backup")
    .argument("[file]", "where to; - is standard output (default: skiff-<name>-<time>.tar.gz)")
    .description("Write everything a platform keeps to one file; it may be running")
    .addOption(nameOption())
    .action(async (file, flags) => (await import("./commands/backup.ts")).backup(file, flags));
  program
    .command("restore")
    .argument("<file>", "what skiff backup wrote")
    .description("Bring back a platform from a backup")
    .option("--name <name>", "its name from now on (default: the one it had)", parseName)
    .option("--replace", "remove the platform of that name first", false)
    .action(async (file, flags) => (await import("./commands/backup.ts")).restore(file, flags));
}

function addRender(program: Command): void {
  const repeated = (flags: string, description: string) =>
    new Option(flags, description)
      .argParser((value: string, before: string[] = []) => [...before, value])
      .default([], "none");
  program
    .command("render")
    .argument(
      "<what>",
      "directory with a chart, a kustomization or manifests; file with Applications; name of an Application",
    )
    .description("Print what would be applied, without a cluster, or how that differs from what is there")
    .addOption(
      new Option("-f, --values <file>", "values of a chart; repeat or separate by commas, the last one wins")
        .argParser(collect)
        .default([], "none"),
    )
    .addOption(repeated("--set <settings>", "single values of a chart, as helm takes them"))
    .addOption(repeated("--set-string <settings>", "single values that stay text"))
    .addOption(repeated("--set-file <settings>", "single values whose text is read from a file"))
    .addOption(repeated("--set-json <settings>", "single values in JSON"))
    .addOption(repeated("--set-literal <setting>", "a single value taken as it stands"))
    .option("--name <release>", "name of a chart's release")
    .option("-n, --namespace <namespace>", "namespace of the release, and of objects that have none")
    .option("--kube-version <version>", "Kubernetes version that charts are told")
    .addOption(
      new Option("-a, --api-versions <versions>", "API versions that charts are told; repeat or separate by commas")
        .argParser(collect)
        .default([], "none"),
    )
    .option("--include-crds", "with the CRDs of a chart, also when the source leaves them out")
    .option("--skip-crds", "without the CRDs of a chart")
    .option("--skip-tests", "without the tests of a chart")
    .option("--skip-schema-validation", "without the check of values against the chart's schema")
    .option("--enable-helm", "let kustomizations have charts")
    .option(
      "--load-restrictor <kind>",
      "LoadRestrictionsNone lets kustomizations name files outside of their directory",
    )
    .option("--revision <revision>", "branch, tag or commit in place of what is followed or lies on the disk")
    .option(
      "--diff [revision]",
      "differences from the live cluster, or from another revision; ends with 1 if there are any",
    )
    .option("--lookup", "answer a chart's lookup from the live cluster", false)
    .option("--seed <text>", "the same random values in charts for the same text")
    .option("--platform <name>", "platform for names of Applications, --diff and --lookup", parseName, defaultName)
    .action(async (what, flags) => (await import("./commands/render.ts")).render(what, flags));
}

function addCluster(program: Command): void {
  const cluster = program
    .command("cluster")
    .description("Logical clusters: further control planes inside the platform's process, each with its own address");
  cluster
    .command("create")
    .argument("<cluster>", "its name, the last part of its address")
    .description("Make a logical cluster")
    .addOption(nameOption())
    .action(async (name, flags) => (await import("./commands/cluster.ts")).createCluster(name, flags));
  cluster
    .command("delete")
    .argument("<cluster>")
    .description("Remove a logical cluster and everything in it")
    .addOption(nameOption())
    .action(async (name, flags) => (await import("./commands/cluster.ts")).deleteCluster(name, flags));
  cluster
    .command("list")
    .description("Show the logical clusters")
    .addOption(nameOption())
    .option("-o, --output <format>", "table, json or yaml", "table")
    .action(async (flags) => (await import("./commands/cluster.ts")).listClusters(flags));
}

function addGet(program: Command): void {
  const get = program.command("get").description("Show what a platform holds");
  const formatted = (command: Command) => command.option("-o, --output <format>", "table, json or yaml", "table");
  const shared = (command: Command) =>
    formatted(command)
      .addOption(nameOption())
      .option("-p, --packages <names>", "only these packages; repeat or separate by commas", collect, [])
      .option("--kubeconfig <file>", "kubeconfig of the platform (default: its own)");
  shared(get.command("secrets").description("Credentials of the platform and of packages")).action(async (flags) =>
    (await import("./commands/get-secrets.ts")).getSecrets(flags),
  );
  shared(get.command("packages").description("Packages and their state")).action(async (flags) =>
    (await import("./commands/get-packages.ts")).getPackages(flags),
  );
  formatted(get.command("clusters").description("Platforms on this machine")).action(async (flags) =>
    (await import("./commands/get-clusters.ts")).getClusters(flags),
  );
  get.argument("[what]").action((what: string | undefined) => {
    const why = what === undefined ? "specify subcommand" : `there is nothing called ${JSON.stringify(what)} to get`;
    throw new CliError("usage", { why: `${why}: secrets, packages or clusters`, command: "skiff get" });
  });
}

function nameOption(): Option {
  return new Option("--name <name>", "name of the platform").default(defaultName).argParser(parseName);
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(",").filter((part) => part !== "")];
}

function parseName(text: string): string {
  if (text === "") throw new CliError("usage", { why: "must specify build-name" });
  if (/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/.test(text)) return text;
  throw new CliError("usage", {
    why: `${JSON.stringify(text)} is no name for a platform: use up to 42 lower case letters, digits and "-"`,
  });
}

/** @returns the name as the DNS has it: in lower case, and in ASCII */
function parseHost(text: string): string {
  const host = domainToASCII(text.toLowerCase());
  const labels = host.split(".");
  if (host.length <= hostMax && labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)))
    return host;
  throw new CliError("usage", {
    why: `${JSON.stringify(text)} is no host name: give one like skiff.localhost`,
    command: "skiff create",
  });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new CliError("usage", { why: `${JSON.stringify(text)} is no port: give a number from 1 to 65535` });
}

function parseNodes(text: string): number {
  const nodes = Number(text);
  if (/^\d+$/.test(text) && nodes >= 1 && nodes <= nodesMax) return nodes;
  throw new CliError("usage", {
    why: `${JSON.stringify(text)} is no number of nodes: give one from 1 to ${nodesMax}`,
    command: "skiff create",
  });
}

function parseProtocol(text: string): string {
  const protocol = text.toLowerCase();
  if (protocol === "http" || protocol === "https") return protocol;
  throw new CliError("usage", {
    why: `protocol must be http or https, not ${JSON.stringify(text)}`,
    command: "skiff create",
  });
}

function parseLogLevel(text: string): string {
  const level = text.toLowerCase();
  if (["debug", "info", "warn", "error"].includes(level)) return level;
  throw new CliError("usage", { why: `${text} is not a valid log level` });
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new CliError("usage", { why: `${JSON.stringify(text)} is no number of lines`, command: "skiff logs" });
}
