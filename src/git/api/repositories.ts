import { type Fields, isStatusError } from "../../apimachinery/index.ts";
import { mayRead, ownsFor } from "../authenticate.ts";
import { flagOf, textOf, textsOf } from "../json.ts";
import type { Repository, RepositoryChanges } from "../repositories.ts";
import { repositoryShape } from "../shapes.ts";
import { permissionsOf, repositoryParam } from "./repository-param.ts";
import {
  ApiError,
  type Call,
  caller,
  idParam,
  json,
  noContent,
  notFound,
  pageHeaders,
  pageOf,
  type Route,
  type Services,
} from "./route.ts";

/** Repositories as such: create, find, change, delete. */
export function repositoryRoutes(services: Services): Route[] {
  const { accounts, repositories, baseUrl } = services;
  const scope = "repository";

  const shapeOf = (call: Call, repository: Repository) =>
    repositoryShape(services, repository, permissionsOf(services, call, repository));
  const page = async (
    call: Call,
    all: readonly Repository[],
    wrap: (shapes: unknown[]) => unknown = (shapes) => shapes,
  ) => {
    const { page: number, limit, skip } = pageOf(call);
    const shapes: unknown[] = [];
    for (const repository of all.slice(skip, skip + limit)) shapes.push(await shapeOf(call, repository));
    return json(200, wrap(shapes), pageHeaders(call, { total: all.length, page: number, limit, baseUrl }));
  };
  const visible = (call: Call, owner?: string) =>
    repositories.list(owner).filter((repository) => mayRead(accounts, call.identity, repository));
  const create = async (call: Call, owner: string) => {
    const body = await call.body();
    const name = textOf(body["name"]);
    if (name === "") throw new ApiError(422, "[Name]: Required");
    refuseTemplates(body);
    const options = {
      owner,
      name,
      description: textOf(body["description"]),
      private: flagOf(body["private"]),
      autoInit: flagOf(body["auto_init"]),
    };
    const defaultBranch = textOf(body["default_branch"]);
    const repository = await repositories
      .create({ ...options, ...(defaultBranch === "" ? {} : { defaultBranch }) })
      .catch((error: unknown) => {
        throw isStatusError(error, "AlreadyExists")
          ? new ApiError(409, "The repository with the same name already exists.")
          : error;
      });
    return json(201, await shapeOf(call, repository));
  };
  const createForOrganization = (call: Call) => {
    const organization = accounts.organization(call.params["org"] ?? "");
    if (organization === undefined) throw notFound();
    if (!ownsFor(accounts, caller(call), organization.name))
      throw new ApiError(403, "Given user is not allowed to create repository in organization.");
    return create(call, organization.name);
  };
  const ownerParam = (call: Call, name: "username" | "org"): string => {
    const login = call.params[name] ?? "";
    const owner = name === "org" ? accounts.organization(login)?.name : accounts.user(login)?.login;
    if (owner === undefined) throw notFound();
    return owner;
  };

  return [
    {
      method: "GET",
      path: "/user/repos",
      summary: "Your repositories and those of your organisations",
      scope,
      needs: "user",
      run: (call) =>
        page(
          call,
          visible(call).filter(({ owner }) =>
            ownsFor(accounts, { account: { ...caller(call).account, isAdmin: false } }, owner),
          ),
        ),
    },
    {
      method: "POST",
      path: "/user/repos",
      summary: "A new repository of yours",
      scope,
      needs: "user",
      run: (call) => create(call, caller(call).account.login),
    },
    {
      method: "GET",
      path: "/users/{username}/repos",
      summary: "Repositories of a user",
      scope,
      run: (call) => page(call, visible(call, ownerParam(call, "username"))),
    },
    {
      method: "GET",
      path: "/orgs/{org}/repos",
      summary: "Repositories of an organisation",
      scope,
      run: (call) => page(call, visible(call, ownerParam(call, "org"))),
    },
    {
      method: "POST",
      path: "/orgs/{org}/repos",
      summary: "A new repository of an organisation",
      scope,
      needs: "user",
      run: createForOrganization,
    },
    {
      method: "POST",
      path: "/org/{org}/repos",
      summary: "The same, under its old path",
      scope,
      needs: "user",
      run: createForOrganization,
    },
    {
      method: "POST",
      path: "/admin/users/{username}/repos",
      summary: "A new repository of somebody else",
      scope: "admin",
      needs: "admin",
      run(call) {
        const login = call.params["username"] ?? "";
        const owner = accounts.user(login)?.login ?? accounts.organization(login)?.name;
        if (owner === undefined) throw notFound();
        return create(call, owner);
      },
    },
    {
      method: "GET",
      path: "/repos/search",
      summary: "Repositories whose name contains q",
      scope,
      run: (call) => page(call, search(call, visible(call)), (data) => ({ ok: true, data })),
    },
    {
      method: "GET",
      path: "/repositories/{id}",
      summary: "A repository by its id",
      scope,
      async run(call) {
        const found = visible(call).find(({ id }) => id === idParam(call, "id"));
        if (found === undefined) throw notFound();
        return json(200, await shapeOf(call, found));
      },
    },
    {
      method: "GET",
      path: "/repos/{owner}/{repo}",
      summary: "A repository",
      scope,
      run: async (call) => json(200, await shapeOf(call, repositoryParam(services, call, "read"))),
    },
    {
      method: "PATCH",
      path: "/repos/{owner}/{repo}",
      summary: "Change name, description, website, private, archived, default_branch",
      scope,
      needs: "user",
      async run(call) {
        const { owner, name } = repositoryParam(services, call, "admin");
        return json(
          200,
          await shapeOf(call, await repositories.edit(owner, name, repositoryChanges(await call.body()))),
        );
      },
    },
    {
      method: "DELETE",
      path: "/repos/{owner}/{repo}",
      summary: "Delete a repository",
      scope,
      needs: "user",
      async run(call) {
        const { owner, name } = repositoryParam(services, call, "admin");
        await repositories.delete(owner, name);
        return noContent;
      },
    },
    {
      method: "GET",
      path: "/repos/{owner}/{repo}/topics",
      summary: "Topics",
      scope,
      run: async (call) => json(200, { topics: repositoryParam(services, call, "read").topics }),
    },
    {
      method: "PUT",
      path: "/repos/{owner}/{repo}/topics",
      summary: "Replace the topics",
      scope,
      needs: "user",
      async run(call) {
        const { owner, name } = repositoryParam(services, call, "admin");
        const topics = [...new Set(textsOf((await call.body())["topics"]).map((topic) => topic.trim().toLowerCase()))];
        const invalidTopics = topics.filter((topic) => !/^[a-z0-9][-.a-z0-9]{0,34}$/.test(topic));
        if (topics.length > topicsMax)
          return json(422, { invalidTopics: null, message: `Exceeding maximum number of topics per repo` });
        if (invalidTopics.length > 0) return json(422, { invalidTopics, message: "Topic names are invalid" });
        await repositories.edit(owner, name, { topics });
        return noContent;
      },
    },
  ];

  function search(call: Call, all: readonly Repository[]): Repository[] {
    const wanted = (call.query.get("q") ?? "").toLowerCase();
    const ownerId = Number(call.query.get("uid")) || undefined;
    const owner =
      ownerId === undefined
        ? undefined
        : [
            ...accounts.users().map(({ id, login }) => ({ id, login })),
            ...accounts.organizations().map(({ id, name }) => ({ id, login: name })),
          ].find(({ id }) => id === ownerId);
    const isPrivate = call.query.get("is_private");
    const matches = (repository: Repository) =>
      (repository.name.toLowerCase().includes(wanted) ||
        (call.query.get("includeDesc") === "true" && repository.description.toLowerCase().includes(wanted))) &&
      (ownerId === undefined || repository.owner.toLowerCase() === owner?.login.toLowerCase()) &&
      (isPrivate === null || repository.private === (isPrivate === "true")) &&
      (call.query.get("topic") !== "true" || repository.topics.includes(wanted));
    const keys: Record<string, (repository: Repository) => string> = {
      alpha: ({ owner: login, name }) => `${login}/${name}`.toLowerCase(),
      created: ({ createdAt }) => createdAt,
      updated: ({ updatedAt }) => updatedAt,
      id: ({ id }) => String(id).padStart(15, "0"),
    };
    const key = keys[call.query.get("sort") ?? "alpha"];
    if (key === undefined) throw new ApiError(422, `Invalid sort mode: "${call.query.get("sort")}"`);
    const sorted = all.filter(matches).sort((a, b) => (key(a) < key(b) ? -1 : 1));
    return call.query.get("order") === "desc" ? sorted.reverse() : sorted;
  }
}

/** Gitea's limit. */
const topicsMax = 25;

function repositoryChanges(body: Fields): RepositoryChanges {
  const texts = {
    name: body["name"],
    description: body["description"],
    website: body["website"],
    defaultBranch: body["default_branch"],
  };
  const flags = { private: body["private"], archived: body["archived"] };
  const chosen = (fields: Record<string, unknown>, type: string) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === type));
  return { ...chosen(texts, "string"), ...chosen(flags, "boolean") };
}

/** Gitea has a library of licences and the like to begin a repository with; here there is none, and nobody should think so. */
function refuseTemplates(body: Fields): void {
  for (const field of ["gitignores", "license", "issue_labels"]) {
    if (textOf(body[field]) !== "") throw new ApiError(422, `${field} is not supported: there are no templates for it`);
  }
  if (flagOf(body["template"])) throw new ApiError(422, "template is not supported");
  const format = textOf(body["object_format_name"], "sha1");
  if (format !== "" && format !== "sha1")
    throw new ApiError(422, `object_format_name ${format} is not supported, only sha1 is`);
}
