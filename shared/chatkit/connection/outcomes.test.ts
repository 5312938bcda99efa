import { expect, test } from "vitest";
import { TLS_HANDSHAKE_FAILED } from "../../protocol/index.ts";
import { errorOfClose } from "./outcomes.ts";

test("H5 another certificate than the pinned one is told apart from a server that is away", () => {
  expect(errorOfClose(TLS_HANDSHAKE_FAILED, "another one")).toMatchObject({
    reason: "wrong-certificate",
    retryable: false,
    message: "another one",
  });
  expect(errorOfClose(1006, "")).toMatchObject({ reason: "server-unreachable", retryable: true });
});
