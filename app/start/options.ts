export interface StartOptions {
  /** Whether to open the app; without, only the address is printed. */
  readonly open: boolean;
  /** Whether the system's browser is preferred to Electron. */
  readonly browser: boolean;
  /** What the server is started with; its own default for the data is `./data`. */
  readonly serverArguments: readonly string[];
}

/** `--no-open` and `--browser` are of `npm start` itself; everything else goes to the server. */
export function readOptions(argv: readonly string[]): StartOptions {
  const own = new Set(["--no-open", "--browser"]);
  return {
    open: !argv.includes("--no-open"),
    browser: argv.includes("--browser"),
    serverArguments: [
      "serve",
      ...argv.filter((argument) => !own.has(argument)),
      // Read by `readServerLine`.
      "--log-format",
      "json",
    ],
  };
}
