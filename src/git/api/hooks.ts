import { type Fields, isFields } from "../../apimachinery/index.ts";
import { flagOf, textOf, textsOf } from "../json.ts";
import type { Repository } from "../repositories.ts";
import type { Hook } from "../repository-file.ts";
import { hookShape } from "../shapes.ts";
import { repositoryParam } from "./repository-param.ts";
import {
  ApiError,
  type Call,
  caller,
  idParam,
  json,
  jsonPage,
  noContent,
  notFound,
  type Route,
  type Services,
} from "./route.ts";

/** More of them would only be noise, and each push waits for none of them. */
const hooksMax = 50;
/** What happens here. Gitea knows more events; of a hook that asks for those too, these are kept. */
const sentEvents = ["create", "delete", "push"];

/** Webhooks of a repository. */
export function hookRoutes(services: Services): Route[] {
  const { repositories, webhooks, now } = services;
  const scope = "repository";
  const base = "/repos/{owner}/{repo}/hooks";
  const target = (call: Call): Repository => repositoryParam(services, call, "admin");
  const hooksOf = ({ owner, name }: Repository) => repositories.hooks(owner, name);
  const hookParam = (call: Call, repository: Repository): Hook => {
    const hook = hooksOf(repository).find(({ id }) => id === idParam(call, "id"));
    if (hook === undefined) throw notFound();
    return hook;
  };

  return [
    {
      method: "GET",
      path: base,
      summary: "Webhooks",
      scope,
      needs: "user",
      run: async (call) => jsonPage(call, services, hooksOf(target(call)), hookShape),
    },
    {
      method: "POST",
      path: base,
      summary: "A new webhook",
      scope,
      needs: "user",
      async run(call) {
        const repository = target(call);
        const body = await call.body();
        const hooks = hooksOf(repository);
        if (hooks.length >= hooksMax) throw new ApiError(422, `A repository can have ${hooksMax} webhooks`);
        const { type } = body;
        if (type !== "gitea" && type !== "gogs")
          throw new ApiError(422, `Invalid hook type: ${String(type)}; gitea and gogs are possible`);
        const time = now().toISOString();
        const id = Math.max(0, ...repositories.list().flatMap((one) => hooksOf(one).map((hook) => hook.id))) + 1;
        const blank: Hook = {
          id,
          type,
          url: "",
          contentType: "json",
          secret: "",
          events: ["push"],
          branchFilter: "*",
          authorizationHeader: "",
          active: false,
          createdAt: time,
          updatedAt: time,
        };
        const hook = withChanges(blank, body, time);
        if (hook.url === "") throw new ApiError(422, "Missing config option: url");
        await repositories.edit(repository.owner, repository.name, { hooks: (current) => [...current, hook] });
        return json(201, hookShape(hook));
      },
    },
    {
      method: "GET",
      path: `${base}/{id}`,
      summary: "A webhook",
      scope,
      needs: "user",
      run: async (call) => json(200, hookShape(hookParam(call, target(call)))),
    },
    {
      method: "PATCH",
      path: `${base}/{id}`,
      summary: "Change a webhook",
      scope,
      needs: "user",
      async run(call) {
        const repository = target(call);
        const hook = withChanges(hookParam(call, repository), await call.body(), now().toISOString());
        await repositories.edit(repository.owner, repository.name, {
          hooks: (current) => current.map((one) => (one.id === hook.id ? hook : one)),
        });
        return json(200, hookShape(hook));
      },
    },
    {
      method: "DELETE",
      path: `${base}/{id}`,
      summary: "Delete a webhook",
      scope,
      needs: "user",
      async run(call) {
        const repository = target(call);
        const { id } = hookParam(call, repository);
        await repositories.edit(repository.owner, repository.name, {
          hooks: (current) => current.filter((one) => one.id !== id),
        });
        return noContent;
      },
    },
    {
      method: "POST",
      path: `${base}/{id}/tests`,
      summary: "Send the last push of a branch again",
      scope,
      needs: "user",
      async run(call) {
        const repository = target(call);
        const branch = (call.query.get("ref") ?? repository.defaultBranch).replace(/^refs\/heads\//, "");
        const sent = await webhooks.test(repository, hookParam(call, repository), {
          branch,
          pusher: caller(call).account.login,
        });
        if (!sent) throw notFound("Git Repository is empty.");
        return noContent;
      },
    },
  ];
}

function withChanges(hook: Hook, body: Fields, time: string): Hook {
  const config = isFields(body["config"]) ? body["config"] : {};
  const asked = textsOf(body["events"]);
  const events = sentEvents.filter((event) => asked.includes(event));
  if (asked.length > 0 && events.length === 0)
    throw new ApiError(422, `None of these events happens here; possible are ${sentEvents.join(", ")}`);
  const url = textOf(config["url"], hook.url);
  if (url !== "" && !isHttpUrl(url)) throw new ApiError(422, "Invalid url: it must begin with http:// or https://");
  const contentType = textOf(config["content_type"], hook.contentType);
  if (contentType !== "json" && contentType !== "form")
    throw new ApiError(422, "Invalid content type: json and form are possible");
  const authorizationHeader = textOf(body["authorization_header"], hook.authorizationHeader);
  if (/[^\x20-\x7e]/.test(authorizationHeader)) throw new ApiError(422, "Invalid authorization header");
  return {
    ...hook,
    url,
    contentType,
    secret: textOf(config["secret"], hook.secret),
    events: asked.length === 0 ? hook.events : events,
    branchFilter: textOf(body["branch_filter"], hook.branchFilter),
    authorizationHeader,
    active: flagOf(body["active"], hook.active),
    updatedAt: time,
  };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
