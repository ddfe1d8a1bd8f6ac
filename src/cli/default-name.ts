/** The platform that commands without `--name` mean; idpbuilder's default too. */
export const defaultName = "localdev";
