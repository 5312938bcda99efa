import { finishRegistration, startRegistration } from "../../shared/crypto/index.ts";
import type { OpaqueServer } from "./opaque-server.ts";

/**
 * The administrator sets a password: both ends of a registration in one place. Takes as long as a
 * client takes.
 */
export async function enrolPassword(
  opaque: OpaqueServer,
  userName: string,
  password: string,
): Promise<string> {
  const start = await startRegistration(password);
  const response = await opaque.registrationResponse(userName, start.request);
  return (await finishRegistration(password, start, response)).record;
}
