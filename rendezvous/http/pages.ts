import { textReply, type Reply } from "./reply.ts";

/** For a person who opens the server's address and finds no web client there. */
export function notBuiltPage(): Reply {
  const lines = [
    "This is a Beeline rendezvous server, and it works.",
    "",
    "The web client has not been built. On the server's machine, in Beeline's folder, run",
    "",
    "    npm run build",
    "",
    "and start the server again. The desktop app and the command line need no web client.",
  ];
  return textReply(503, lines.join("\n"));
}

/** Where the operator has switched the web client off. */
export function noClientPage(): Reply {
  return textReply(
    404,
    "This is a Beeline rendezvous server. It serves no web client: use the desktop app.",
  );
}
