export interface StartOptions {
  /** Whether to open the app; without, only the address is printed. */
  readonly open: boolean;
  /** Whether the system's browser is preferred to Electron. */
  readonly browser: boolean;
  /** What the server is started with. */
  readonly serverArguments: readonly string[];
}

/**
 * `--no-open` and `--browser` are of `npm start` itself; everything else goes to the server. Its
 * data is in `./data` unless told otherwise.
 */
export function readOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): StartOptions {
  const own = new Set(["--no-open", "--browser"]);
  const rest = argv.filter((argument) => !own.has(argument));
  const saysData = rest.some((argument) => argument === "--data" || argument.startsWith("--data="));
  const data = saysData || env["BEELINE_DATA"] ? [] : ["--data", "data"];
  return {
    open: !argv.includes("--no-open"),
    browser: argv.includes("--browser"),
    serverArguments: ["serve", ...data, ...rest, "--log-format", "json"],
  };
}
