import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Fields, isFields } from "../apimachinery/index.ts";
import { writeFileAtomically } from "../lib/index.ts";
import { flagOf, integerOf, listOf, textOf, textsOf } from "./json.ts";

/** A webhook, as Gitea's API describes it. */
export type Hook = {
  id: number;
  type: "gitea" | "gogs";
  url: string;
  contentType: "json" | "form";
  secret: string;
  events: readonly string[];
  branchFilter: string;
  authorizationHeader: string;
  active: boolean;
  createdAt: string;
  updatedAt: string;
};

/** What is known of a repository beside its Git data. Times are RFC 3339. */
export type RepositoryFacts = {
  id: number;
  owner: string;
  name: string;
  description: string;
  website: string;
  private: boolean;
  archived: boolean;
  defaultBranch: string;
  topics: readonly string[];
  createdAt: string;
  updatedAt: string;
  hooks: readonly Hook[];
};

/** Lies in the repository's directory, so that both are moved and removed together. */
const fileName = "skiff.json";

/** @returns `undefined` when there is no such file, or nothing in it that makes sense */
export async function readFacts(gitDir: string): Promise<RepositoryFacts | undefined> {
  const text = await readFile(join(gitDir, fileName), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? parseFacts(value) : undefined;
  } catch {
    return undefined;
  }
}

export function writeFacts(gitDir: string, facts: RepositoryFacts): void {
  writeFileAtomically(join(gitDir, fileName), JSON.stringify(facts, undefined, 2) + "\n");
}

function parseFacts(value: Fields): RepositoryFacts | undefined {
  const facts: RepositoryFacts = {
    id: integerOf(value["id"]),
    owner: textOf(value["owner"]),
    name: textOf(value["name"]),
    description: textOf(value["description"]),
    website: textOf(value["website"]),
    private: flagOf(value["private"]),
    archived: flagOf(value["archived"]),
    defaultBranch: textOf(value["defaultBranch"], "main"),
    topics: textsOf(value["topics"]),
    createdAt: textOf(value["createdAt"]),
    updatedAt: textOf(value["updatedAt"]),
    hooks: listOf(value["hooks"]).filter(isFields).map(parseHook),
  };
  return facts.id > 0 && facts.owner !== "" && facts.name !== "" ? facts : undefined;
}

function parseHook(value: Fields): Hook {
  return {
    id: integerOf(value["id"]),
    type: value["type"] === "gogs" ? "gogs" : "gitea",
    url: textOf(value["url"]),
    contentType: value["contentType"] === "form" ? "form" : "json",
    secret: textOf(value["secret"]),
    events: textsOf(value["events"]),
    branchFilter: textOf(value["branchFilter"], "*"),
    authorizationHeader: textOf(value["authorizationHeader"]),
    active: flagOf(value["active"]),
    createdAt: textOf(value["createdAt"]),
    updatedAt: textOf(value["updatedAt"]),
  };
}
