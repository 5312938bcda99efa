import { once } from "node:events";
import type { Server } from "node:http";
import { resolve } from "node:path";
import type { Logger } from "pino";
import { OperatorError } from "../config/operator-error.ts";
import { settingOptions, unknownVariables } from "../config/read-settings.ts";
import { rendezvousConfigOf } from "../config/rendezvous-config-of.ts";
import { printable, type Settings } from "../config/settings.ts";
import { clientFolder } from "../http/client-folder.ts";
import { addressOf, createHttpServer, listen } from "../http/listen.ts";
import { noClientPage, notBuiltPage } from "../http/pages.ts";
import { createRequestHandler, type HttpParts } from "../http/request-handler.ts";
import { WebClient } from "../http/web-client.ts";
import { createLogger } from "../observability/logger.ts";
import { createPrometheusMetrics } from "../observability/prometheus.ts";
import { createRendezvous, type Rendezvous } from "../server.ts";
import type { SqliteStore } from "../store/sqlite-store.ts";
import { expectPositionals, parseArguments, settingsOf, type Surroundings } from "./command.ts";
import { openStore } from "./data-folder.ts";
import { readVersion } from "./version.ts";

/** How soon the server notices what a command beside it has changed, such as a disabled account. */
const CHANGES_MS = 1000;
/** The process ends by then, whatever hangs: the drain itself takes 6.5 s at most. */
const EXIT_MS = 9000;
/** A second signal after this long is a person who does not want to wait. */
const IMPATIENT_MS = 1000;

/** `serve`: runs until SIGTERM or SIGINT. */
export async function serveCommand(
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<void> {
  const args = parseArguments(argv, settingOptions());
  expectPositionals(args);
  const settings = settingsOf(args, surroundings);
  const log = createLogger(settings["log-level"], settings["log-format"]);
  const version = readVersion();

  await using store = await openStore(settings, "serve");
  const metrics = createPrometheusMetrics();
  let draining = false;
  const server = createHttpServer(tlsOf(settings), (message) => log.warn(message));
  server.on(
    "request",
    createRequestHandler({
      store,
      metrics,
      metricsAccess: { from: settings.metrics, token: settings["metrics-token"] },
      client: clientOf(settings, log),
      isDraining: () => draining,
      onError: (error) => log.error({ err: error }, "request failed"),
    }),
  );
  await using rendezvous = createRendezvous({
    store,
    config: rendezvousConfigOf(settings, version),
    log,
    metrics,
  });
  rendezvous.attach(server);
  const stop = stopSignal();
  // What escapes all handlers leaves the state unknown: the supervisor starts a fresh process.
  process.on("uncaughtExceptionMonitor", (error) => log.fatal({ err: error }, "fatal"));
  const port = await listen(server, settings.host, settings.port);
  // After the start: too many open files, say. The next connection may find room again.
  server.on("error", (error) => log.error({ err: error }, "HTTP server"));
  announce(log, { settings, port, version, env: surroundings.env });

  using _ = watchChanges(store, rendezvous, log);
  const signal = await stop;
  draining = true;
  log.info({ signal }, "stopping");
  // Lets nothing hold the process up; unref, so that it does not hold it up itself.
  setTimeout(() => process.exit(0), EXIT_MS).unref();
  await close(server, rendezvous);
  log.info("stopped");
  await new Promise((resolve) => log.flush(resolve));
}

function tlsOf(settings: Settings): { cert: string; key: string } | undefined {
  const { "tls-cert": cert, "tls-key": key } = settings;
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

function clientOf(settings: Settings, log: Logger): HttpParts["client"] {
  if (!settings["web-client"]) return noClientPage;
  const secure = settings["tls-cert"] !== undefined;
  let client: WebClient | undefined;
  try {
    client = WebClient.read(clientFolder);
  } catch (error) {
    throw new OperatorError(`The web client in ${clientFolder} cannot be read.`, { cause: error });
  }
  if (client === undefined) {
    log.warn("The web client is not built: run npm run build, or use --no-web-client.");
    return notBuiltPage;
  }
  const built = client;
  return (path, request) => built.reply(path, request, secure);
}

function announce(
  log: Logger,
  started: {
    readonly settings: Settings;
    readonly port: number;
    readonly version: string;
    readonly env: Surroundings["env"];
  },
): void {
  const { settings, port, version, env } = started;
  for (const name of unknownVariables(env)) log.warn(`${name} is no setting and does nothing.`);
  const data = resolve(settings.data);
  log.info({ version, settings: printable({ ...settings, data }) }, "configuration");
  const address = addressOf(settings.host, port, settings["tls-cert"] !== undefined);
  // Programs that start the server wait for this line.
  log.info({ address, host: settings.host, port }, "listening");
}

/** Commands write to the same database: accounts they disabled must not stay connected. */
function watchChanges(store: SqliteStore, rendezvous: Rendezvous, log: Logger): Disposable {
  const timer = setInterval(() => {
    try {
      if (!store.changedElsewhere()) return;
    } catch (error) {
      log.error({ err: error }, "the database was not read");
      return;
    }
    rendezvous.recheckSessions();
  }, CHANGES_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function close(server: Server, rendezvous: Rendezvous): Promise<void> {
  const closed = once(server, "close");
  // No new connections from here on; open ones are told to go on elsewhere.
  server.close();
  await rendezvous.drain();
  server.closeAllConnections();
  await closed;
}

/**
 * The first of the signals. Another one ends the process at once, if it comes later than with the
 * first: Ctrl-C reaches this process directly and again through the one that has started it.
 */
function stopSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve: stop } = Promise.withResolvers<NodeJS.Signals>();
  let signalledAt: number | undefined;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      signalledAt ??= performance.now();
      if (performance.now() - signalledAt > IMPATIENT_MS) process.exit(1);
      stop(signal);
    });
  }
  return promise;
}
