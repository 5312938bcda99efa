import { expect, test } from "vitest";
import { isCommand, readArguments } from "./arguments.ts";
import { CliError, exitCodes } from "./exit-codes.ts";
import { helpText } from "./help.ts";

function refusal(...argv: readonly string[]): CliError {
  try {
    readArguments(argv);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

test("reads a command, its arguments and its options, wherever they stand", () => {
  expect(
    readArguments(["--server", "http://h:1", "send", "ben", "-", "--wait=delivered", "--user=ada"]),
  ).toEqual({
    command: "send",
    arguments: ["ben", "-"],
    options: { server: "http://h:1", wait: "delivered", user: "ada" },
  });
});

test("a text that begins with a dash is sent after --", () => {
  expect(readArguments(["send", "ben", "--", "--help me"])).toMatchObject({
    arguments: ["ben", "--help me"],
  });
});

test("without a command it helps; with --help it helps with the command", () => {
  expect(readArguments([])).toMatchObject({ command: "help", arguments: [] });
  expect(readArguments(["listen", "-h"])).toMatchObject({ command: "help", arguments: ["listen"] });
  expect(readArguments(["--version"])).toBe("version");
});

test.each([
  [["dance"], /no command "dance"/],
  [["send"], /takes other arguments/],
  [["group"], /takes other arguments/],
  [["send", "ben", "hi", "--expires", "7d"], /"send" takes no --expires/],
  [["send", "ben", "two", "words"], /takes other arguments/],
  [["listen", "now"], /takes no arguments/],
  [["login", "--wait", "sent"], /"login" takes no --wait/],
  [["login", "--password", "secret123"], /Unknown option '--password'/],
  [["login", "--user"], /argument missing/],
  [["toString"], /no command "toString"/],
])("refuses %j", (argv, message) => {
  const error = refusal(...argv);
  expect(error.message).toMatch(message);
  expect(error.message).toContain("See: beeline help");
  expect(error.message).not.toContain("secret123");
  expect(error.exitCode).toBe(exitCodes.usage);
});

test("every command that help names exists and has a page of its own", () => {
  const named = [...helpText("help").matchAll(/^ {2}beeline ([a-z]+) /gm)].map(([, name]) => name);
  expect(named).toContain("listen");
  for (const name of named) {
    if (name === undefined || !isCommand(name)) throw new Error(`${name} is no command`);
    expect(helpText(name)).toContain(`beeline ${name}`);
  }
});
