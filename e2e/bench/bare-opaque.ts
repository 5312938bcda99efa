import { client, ready, server } from "@serenity-kit/opaque";
import { CHEAP_STRETCHING } from "./wire-client.ts";

const userIdentifier = "bench";
const password = "bench password";

/**
 * How often a second one core does the server's part of OPAQUE (RFC 9807), with nothing around it.
 * @param count of each
 */
export async function bareOpaque(
  count: number,
): Promise<{ registrationsPerSecond: number; loginsPerSecond: number }> {
  await ready;
  const serverSetup = server.createSetup();
  const { memoryKiB: memory, passes: iterations, parallelism } = CHEAP_STRETCHING;
  const keyStretching = { "argon2id-custom": { iterations, memory, parallelism } };
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password });
  const answer = () =>
    server.createRegistrationResponse({ serverSetup, userIdentifier, registrationRequest });
  const { registrationRecord } = client.finishRegistration({
    password,
    clientRegistrationState,
    registrationResponse: answer().registrationResponse,
    keyStretching,
  });
  const started = performance.now();
  for (let n = 0; n < count; n++) answer();
  const registrationMs = performance.now() - started;

  let loginMs = 0;
  for (let n = 0; n < count; n++) {
    const { clientLoginState, startLoginRequest } = client.startLogin({ password });
    let before = performance.now();
    const { loginResponse, serverLoginState } = server.startLogin({
      serverSetup,
      userIdentifier,
      registrationRecord,
      startLoginRequest,
    });
    loginMs += performance.now() - before;
    const finish = client.finishLogin({ password, clientLoginState, loginResponse, keyStretching });
    if (finish === undefined) throw new Error("the right password was refused");
    const { finishLoginRequest } = finish;
    before = performance.now();
    server.finishLogin({ serverLoginState, finishLoginRequest });
    loginMs += performance.now() - before;
  }
  return {
    registrationsPerSecond: (count * 1000) / registrationMs,
    loginsPerSecond: (count * 1000) / loginMs,
  };
}
