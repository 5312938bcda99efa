import { ChatKitError } from "../../shared/chatkit/api.ts";
import { StoreError } from "../../shared/chatkit/store.ts";

/** What scripts tell failures apart by. `beeline help` lists them. */
export const exitCodes = {
  ok: 0,
  /** Anything that has no code of its own; a check of `doctor` that failed. */
  failed: 1,
  usage: 2,
  cannotConnect: 3,
  refused: 4,
  notDelivered: 5,
  store: 6,
  /** The server's certificate is not the one that its invitation link names. */
  wrongCertificate: 7,
  /** Ended by Ctrl-C at a prompt: 128 and the signal's number, as shells do. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the program: one line for the person, one code for the script. */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}

/** The class of any error that reaches the top. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CliError(codeOf(error), message, { cause: error });
}

function codeOf(error: unknown): ExitCode {
  if (error instanceof StoreError) return exitCodes.store;
  if (!(error instanceof ChatKitError)) return exitCodes.failed;
  switch (error.reason) {
    case "server-unreachable":
    case "unavailable":
      return exitCodes.cannotConnect;
    case "store-failed":
      return exitCodes.store;
    case "wrong-certificate":
      return exitCodes.wrongCertificate;
    case "invalid-server":
    case "empty-text":
    case "text-too-long":
    case "invalid-file":
    case "invalid-group":
      return exitCodes.usage;
    case "closed":
    case "not-open":
    case "already-open":
    case "no-such-conversation":
    case "not-complete":
    case "disk-full":
    case "no-permission":
    case "source-gone":
    case "no-files":
    case "not-a-history":
    case "newer-history":
    case "damaged-history":
    case "other-account":
    case "wrong-passphrase":
    case "internal":
      return exitCodes.failed;
    default:
      // Every other reason is the server's word.
      return exitCodes.refused;
  }
}
