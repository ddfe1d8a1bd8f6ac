/** What is wrong in a source itself: the same files give it again. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

/** A repository that the project does not let its applications use. */
export class ForbiddenSourceError extends Error {
  override readonly name = "ForbiddenSourceError";
}
