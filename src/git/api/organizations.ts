import { type Fields, isStatusError } from "../../apimachinery/index.ts";
import type { Organization, OrganizationChanges } from "../accounts.ts";
import { isMember, ownsFor } from "../authenticate.ts";
import { textOf } from "../json.ts";
import { organizationShape, ownersTeamShape, userShape } from "../shapes.ts";
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

/** Organisations. Each has one team, its owners, who are its members. */
export function organizationRoutes(services: Services): Route[] {
  const { accounts, repositories, baseUrl } = services;

  const isVisible = (call: Call, { name, visibility }: Organization): boolean => {
    if (visibility === "public") return true;
    if (call.identity === undefined) return false;
    return visibility === "limited" || ownsFor(accounts, call.identity, name);
  };
  const organizationParam = (call: Call): Organization => {
    const organization = accounts.organization(call.params["org"] ?? "");
    if (organization === undefined || !isVisible(call, organization)) throw notFound();
    return organization;
  };
  const ownedOrganization = (call: Call): Organization => {
    const organization = organizationParam(call);
    if (!ownsFor(accounts, caller(call), organization.name)) throw new ApiError(403, "Must be an organization owner");
    return organization;
  };
  const create = async (call: Call, owner: string) => {
    const body = await call.body();
    const name = textOf(body["username"]);
    if (name === "") throw new ApiError(422, "[UserName]: Required");
    const organization = await accounts
      .createOrganization({ name, owner, ...organizationChanges(body) })
      .catch((error: unknown) => {
        throw isStatusError(error, "AlreadyExists") ? new ApiError(422, error.message) : error;
      });
    return json(201, organizationShape(organization));
  };
  const members = (organization: Organization) =>
    accounts.users().filter(({ id }) => organization.memberIds.includes(id));
  const memberPage = (call: Call, organization: Organization) =>
    jsonPage(call, services, members(organization), (account) =>
      userShape({ baseUrl, login: account.login, account, showEmail: call.identity !== undefined }),
    );
  /** The id of a team is that of its organisation. */
  const teamParam = (call: Call): Organization => {
    const organization = accounts.organizations().find(({ id }) => id === idParam(call, "id"));
    if (organization === undefined || !ownsFor(accounts, caller(call), organization.name)) throw notFound();
    return organization;
  };
  const memberParam = (call: Call) => {
    const account = accounts.user(call.params["username"] ?? "");
    if (account === undefined) throw notFound(`user does not exist [name: ${call.params["username"]}]`);
    return account;
  };
  const removeMember = async (organization: Organization, login: string) => {
    const left = members(organization).filter((member) => member.login.toLowerCase() !== login.toLowerCase());
    if (left.length === 0) throw new ApiError(403, "user is the last member of team 'Owners'");
    await accounts.removeMember(organization.name, login);
    return noContent;
  };
  const scope = "organization";

  return [
    {
      method: "GET",
      path: "/orgs",
      summary: "All organisations that you may see",
      scope,
      run: async (call) =>
        jsonPage(
          call,
          services,
          accounts.organizations().filter((organization) => isVisible(call, organization)),
          organizationShape,
        ),
    },
    {
      method: "POST",
      path: "/orgs",
      summary: "A new organisation",
      scope,
      needs: "user",
      run: (call) => create(call, caller(call).account.login),
    },
    {
      method: "GET",
      path: "/admin/orgs",
      summary: "All organisations",
      scope: "admin",
      needs: "admin",
      run: async (call) => jsonPage(call, services, accounts.organizations(), organizationShape),
    },
    {
      method: "POST",
      path: "/admin/users/{username}/orgs",
      summary: "A new organisation for somebody else",
      scope: "admin",
      needs: "admin",
      run: (call) => create(call, memberParam(call).login),
    },
    {
      method: "GET",
      path: "/orgs/{org}",
      summary: "An organisation",
      scope,
      run: async (call) => json(200, organizationShape(organizationParam(call))),
    },
    {
      method: "PATCH",
      path: "/orgs/{org}",
      summary: "Change an organisation",
      scope,
      needs: "user",
      async run(call) {
        const { name } = ownedOrganization(call);
        return json(
          200,
          organizationShape(await accounts.editOrganization(name, organizationChanges(await call.body()))),
        );
      },
    },
    {
      method: "DELETE",
      path: "/orgs/{org}",
      summary: "Delete an organisation without repositories",
      scope,
      needs: "user",
      async run(call) {
        const { id, name } = ownedOrganization(call);
        if (repositories.list(name).length > 0)
          throw new ApiError(422, `user still has ownership of repositories [uid: ${id}]`);
        await accounts.deleteOrganization(name);
        return noContent;
      },
    },
    {
      method: "GET",
      path: "/orgs/{org}/members",
      summary: "Members",
      scope,
      needs: "user",
      run: async (call) => memberPage(call, organizationParam(call)),
    },
    {
      method: "GET",
      path: "/orgs/{org}/public_members",
      summary: "Members; membership is no secret",
      scope,
      run: async (call) => memberPage(call, organizationParam(call)),
    },
    {
      method: "GET",
      path: "/orgs/{org}/members/{username}",
      summary: "Whether somebody is a member: 204 or 404",
      scope,
      needs: "user",
      async run(call) {
        if (!isMember(accounts, organizationParam(call).name, memberParam(call))) throw notFound();
        return noContent;
      },
    },
    {
      method: "DELETE",
      path: "/orgs/{org}/members/{username}",
      summary: "Remove a member",
      scope,
      needs: "user",
      run: async (call) => await removeMember(ownedOrganization(call), memberParam(call).login),
    },
    {
      method: "GET",
      path: "/orgs/{org}/teams",
      summary: "The team of owners",
      scope,
      needs: "user",
      run: async (call) => jsonPage(call, services, [ownedOrganization(call)], ownersTeamShape),
    },
    {
      method: "GET",
      path: "/teams/{id}",
      summary: "A team",
      scope,
      needs: "user",
      run: async (call) => json(200, ownersTeamShape(teamParam(call))),
    },
    {
      method: "GET",
      path: "/teams/{id}/members",
      summary: "Members of a team",
      scope,
      needs: "user",
      run: async (call) => memberPage(call, teamParam(call)),
    },
    {
      method: "PUT",
      path: "/teams/{id}/members/{username}",
      summary: "Add a member",
      scope,
      needs: "user",
      async run(call) {
        await accounts.addMember(teamParam(call).name, memberParam(call).login);
        return noContent;
      },
    },
    {
      method: "DELETE",
      path: "/teams/{id}/members/{username}",
      summary: "Remove a member",
      scope,
      needs: "user",
      run: async (call) => await removeMember(teamParam(call), memberParam(call).login),
    },
  ];
}

function organizationChanges(body: Fields): OrganizationChanges {
  const texts = {
    fullName: body["full_name"],
    description: body["description"],
    website: body["website"],
    location: body["location"],
  };
  const chosen = Object.fromEntries(Object.entries(texts).filter(([, value]) => typeof value === "string"));
  const { visibility } = body;
  if (visibility === undefined || visibility === "") return chosen;
  if (visibility !== "public" && visibility !== "limited" && visibility !== "private")
    throw new ApiError(422, "[Visibility]: In(,public,limited,private)");
  return { ...chosen, visibility };
}
