import { expect, test } from "vitest";
import { ChatKitError } from "../../shared/chatkit/api.ts";
import { StoreError } from "../../shared/chatkit/store.ts";
import { CliError, exitCodes, toCliError } from "./exit-codes.ts";

test.each([
  [new ChatKitError("server-unreachable", "m"), exitCodes.cannotConnect],
  [new ChatKitError("unavailable", "m"), exitCodes.cannotConnect],
  [new ChatKitError("wrong-credential", "m"), exitCodes.refused],
  [new ChatKitError("user-name-taken", "m"), exitCodes.refused],
  [new ChatKitError("session-ended", "m"), exitCodes.refused],
  [new ChatKitError("no-such-user", "m"), exitCodes.refused],
  [new ChatKitError("text-too-long", "m"), exitCodes.usage],
  [new ChatKitError("invalid-group", "m"), exitCodes.usage],
  [new ChatKitError("group-link-invalid", "m"), exitCodes.refused],
  [new ChatKitError("store-failed", "m"), exitCodes.store],
  [new ChatKitError("wrong-certificate", "m"), exitCodes.wrongCertificate],
  [new ChatKitError("internal", "m"), exitCodes.failed],
  [new ChatKitError("damaged-history", "m"), exitCodes.failed],
  [new StoreError("locked", "m"), exitCodes.store],
  [new CliError(exitCodes.notDelivered, "m"), exitCodes.notDelivered],
  [new Error("m"), exitCodes.failed],
  ["m", exitCodes.failed],
])("%s has code %i", (error, code) => {
  expect(toCliError(error)).toMatchObject({ exitCode: code, message: "m" });
});
