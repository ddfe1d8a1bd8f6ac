import { contentRoutes } from "./contents.ts";
import { gitDataRoutes } from "./git-data.ts";
import { hookRoutes } from "./hooks.ts";
import { organizationRoutes } from "./organizations.ts";
import { repositoryRoutes } from "./repositories.ts";
import { json, paging, type Route, type Services } from "./route.ts";
import { userRoutes } from "./users.ts";

/** The release whose API is spoken. Clients compare it before they use something new. */
export const giteaVersion = "1.24.3+skiff";

/** All routes below `/api/v1`; of two that fit a path the first one counts. */
export function apiRoutes(services: Services): Route[] {
  const settings = {
    max_response_items: paging.limitMax,
    default_paging_num: paging.defaultLimit,
    default_git_trees_per_page: 1000,
    default_max_blob_size: 10 * 2 ** 20,
  };
  return [
    {
      method: "GET",
      path: "/version",
      summary: "Version of the API",
      run: async () => json(200, { version: giteaVersion }),
    },
    { method: "GET", path: "/settings/api", summary: "Limits of the API", run: async () => json(200, settings) },
    ...userRoutes(services),
    ...organizationRoutes(services),
    ...repositoryRoutes(services),
    ...contentRoutes(services),
    ...gitDataRoutes(services),
    ...hookRoutes(services),
  ];
}
