import { ProtocolError } from "../../protocol/index.ts";
import {
  finishLogin,
  finishRegistration,
  PasswordAnswerError,
  startLogin,
  startRegistration,
} from "../../crypto/index.ts";
import type { PasswordWork } from "../ports.ts";

/** OPAQUE itself; an answer that is none of it is the server's error. */
export const opaquePasswords: PasswordWork = {
  startRegistration,
  finishRegistration: (password, start, response) =>
    readable(() => finishRegistration(password, start, response)),
  startLogin,
  finishLogin: (password, start, response) =>
    readable(() => finishLogin(password, start, response)),
};

/** @throws ProtocolError internal */
function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PasswordAnswerError)) throw error;
    throw new ProtocolError("internal", error.message, { cause: error });
  }
}
