import { ProtocolError } from "../../protocol/index.ts";
import {
  finishLogin,
  finishRegistration,
  PasswordAnswerError,
  startLogin,
  startRegistration,
  type KeyStretching,
} from "../../crypto/index.ts";
import type { PasswordWork } from "../ports.ts";

/**
 * OPAQUE itself; an answer that is none of it is the server's error.
 * @param stretching another than everybody's makes passwords that no other client can use
 */
export function opaquePasswords(stretching?: KeyStretching): PasswordWork {
  return {
    startRegistration,
    finishRegistration: (password, start, response) =>
      readable(finishRegistration(password, start, response, stretching)),
    startLogin,
    finishLogin: (password, start, response) =>
      readable(finishLogin(password, start, response, stretching)),
  };
}

/** @throws ProtocolError internal */
async function readable<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (!(error instanceof PasswordAnswerError)) throw error;
    throw new ProtocolError("internal", error.message, { cause: error });
  }
}
