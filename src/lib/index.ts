// What three rooms need and Node lacks: HTTP handlers and bounded bodies, files replaced as a whole, bytes as text, logs, waits with
// a limit.
// It promises small, pure pieces without policy.
// It leaves to others everything that knows Kubernetes, Git or a file format.
export { bufferOf, textOf } from "./bytes.ts";
export { isAlive, makeDirectory, removeDrafts, writeFileAtomically } from "./files.ts";
export {
  BodyTooLargeError,
  type Chunks,
  type ClientCertificate,
  type Handler,
  type HttpRequest,
  type HttpResponse,
  readBody,
  requestFrom,
  serveHandler,
  type User,
} from "./http.ts";
export { createLog, errorText, type Log, type LogFields, type LogLevel, silentLog } from "./log.ts";
export { type Ending, UnreadAnswers } from "./unread-answers.ts";
export { backoffMs, sleep, waitUntil } from "./wait.ts";
