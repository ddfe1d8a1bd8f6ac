import { GoError } from "../go-error.ts";
import { any, type FunctionTable, fn, string } from "../signature.ts";
import { errorMap } from "./data.ts";
import { messageOf } from "./json.ts";
import { readToml } from "./toml-read.ts";
import { writeToml } from "./toml-write.ts";

/** TOML as Helm reads and writes it. What went wrong is in the result. */
export const tomlFunctions: FunctionTable = {
  toToml: fn([any], (value) => {
    try {
      return writeToml(value);
    } catch (error) {
      if (value === null || !(error instanceof GoError)) throw error;
      return error.message;
    }
  }),
  fromToml: fn([string], (text) => {
    try {
      return readToml(text);
    } catch (error) {
      return errorMap(messageOf(error));
    }
  }),
};
