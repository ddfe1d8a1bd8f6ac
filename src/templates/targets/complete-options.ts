import type { JsonObject } from "../../apimachinery/index.ts";
import type { Note, OutputFile } from "../definition.ts";
import type { TemplateMetadata } from "./cnoe-template.ts";

/** A form as `formOf` makes it: pages as they stand in `spec.parameters`, and the answers that have to stay secret. */
export type TemplateForm = {
  pages: { title: string; description?: string; schema: JsonObject }[];
  notes: Note[];
  secrets: string[][];
};

/**
 * Where a template puts what it makes: a new repository of Gitea or GitHub, a pull request into a repository that is there, or
 * straight into the cluster.
 */
export type Publish = "gitea" | "github" | "pull-request" | "apply";

/**
 * @property publish `gitea` when absent
 * @property host of the Git server, as Backstage's `integrations` name it: `git.skiff.localhost:8443` for Gitea when absent,
 *   `cnoe.localtest.me:8443/gitea` on CNOE's stacks; `github.com` for the others
 * @property account of Gitea in which the portal makes repositories, `giteaAdmin` when absent
 * @property owner of the template, and of what it makes unless the form says another: an entity, `guests` when absent
 * @property type of the template in the catalog; by what it makes when absent: `service`, `resource` or `document`
 * @property terraform what becomes of a module's call: objects of Flux and tofu-controller beside it, which plan and apply it (the
 *   default), or nothing
 * @property moduleSource address of a module, instead of the folder it was read from
 * @property chartRepository where a chart is published, for one that was read from a folder
 * @property verifiers names of Prerequisites that the template verifies first
 */
export type CompleteOptions = {
  publish?: Publish;
  host?: string;
  account?: string;
  owner?: string;
  type?: string;
  terraform?: "tofu-controller" | "plain";
  moduleSource?: string;
  chartRepository?: string;
  verifiers?: readonly string[];
  metadata?: TemplateMetadata;
};

/**
 * The files of a skeleton that hold the answers.
 *
 * @property files with paths relative to the skeleton
 * @property deployed folder or file that Argo CD or the apply step takes; absent when nothing is deployed
 */
export type Skeleton = { files: OutputFile[]; deployed: string | undefined };
