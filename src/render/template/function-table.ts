import { builtins } from "./functions/builtins.ts";
import { cryptoFunctions } from "./functions/crypto.ts";
import { dateFunctions } from "./functions/dates.ts";
import { dictFunctions } from "./functions/dicts.ts";
import { encodingFunctions } from "./functions/encoding.ts";
import { helmFunctions } from "./functions/helm.ts";
import { jsonFunctions } from "./functions/json.ts";
import { caseFunctions } from "./functions/letter-case.ts";
import { listFunctions } from "./functions/lists.ts";
import { numberFunctions } from "./functions/numbers.ts";
import { pathFunctions } from "./functions/paths.ts";
import { randomFunctions } from "./functions/random.ts";
import { reflectionFunctions } from "./functions/reflection.ts";
import { regexFunctions } from "./functions/regex.ts";
import { semverFunctions } from "./functions/semver.ts";
import { stringFunctions } from "./functions/strings.ts";
import { tomlFunctions } from "./functions/toml.ts";
import { urlFunctions } from "./functions/url.ts";
import { yamlFunctions } from "./functions/yaml.ts";
import type { FunctionTable } from "./signature.ts";

/**
 * Everything a chart's template can call in Helm 4.1: what `text/template` brings, sprig 3.3.0 without what reads the
 * environment, and Helm's own functions, each in front of those before it.
 */
export const functionTable: FunctionTable = {
  ...builtins,
  ...stringFunctions,
  ...caseFunctions,
  ...numberFunctions,
  ...listFunctions,
  ...dictFunctions,
  ...dateFunctions,
  ...encodingFunctions,
  ...cryptoFunctions,
  ...randomFunctions,
  ...reflectionFunctions,
  ...pathFunctions,
  ...urlFunctions,
  ...regexFunctions,
  ...semverFunctions,
  ...jsonFunctions,
  ...yamlFunctions,
  ...tomlFunctions,
  ...helmFunctions,
};
