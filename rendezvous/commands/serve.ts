import { resolve } from "node:path";
import type { Logger } from "pino";
import { OperatorError } from "../config/operator-error.ts";
import { settingOptions, unknownVariables } from "../config/read-settings.ts";
import type { RendezvousConfig } from "../rendezvous-config.ts";
import { rendezvousConfigOf } from "../config/rendezvous-config-of.ts";
import { turnServiceOf } from "../config/turn-service-of.ts";
import { printable, type Settings } from "../config/settings.ts";
import { clientFolder } from "../http/client-folder.ts";
import { formatInviteLink } from "../../shared/protocol/index.ts";
import { fingerprintOf, watchTls } from "../http/certificate.ts";
import { FrontDoor } from "../http/front-door.ts";
import { addressOf, isWildcard } from "../http/listen.ts";
import { isLoopback } from "../http/loopback.ts";
import { noClientPage, notBuiltPage } from "../http/pages.ts";
import { createRequestHandler, isEncrypted, type HttpParts } from "../http/request-handler.ts";
import { WebClient } from "../http/web-client.ts";
import { systemClock } from "../clock.ts";
import { IceOffer } from "../ice/ice-offer.ts";
import { createLogger } from "../observability/logger.ts";
import { createPrometheusMetrics } from "../observability/prometheus.ts";
import { createRendezvous, type Rendezvous } from "../server.ts";
import type { SqliteStore } from "../store/sqlite-store.ts";
import { expectPositionals, parseArguments, settingsOf, type Surroundings } from "./command.ts";
import { announce, announcementOf } from "./announced.ts";
import { advertise } from "./advertise.ts";
import { openStore } from "./data-folder.ts";
import { serveStun } from "./serve-stun.ts";
import { serverTls, type ServerTls } from "./server-tls.ts";
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
  const ice = new IceOffer(turnServiceOf(settings));

  await using store = await openStore(settings, "serve");
  const metrics = createPrometheusMetrics();
  let draining = false;
  const tls = await serverTls(settings);
  const config = rendezvousConfigOf(settings, version);
  const door = new FrontDoor({
    ...(tls === undefined ? {} : { tls: tls.pair }),
    connections: connectionsOf(config, tls !== undefined),
  });
  door.http.on(
    "request",
    createRequestHandler({
      store,
      metrics,
      metricsAccess: { from: settings.metrics, token: settings["metrics-token"] },
      client: clientOf(settings, log),
      // Browsers let nobody go on to a certificate of the server's own once they insist.
      strictTransport: tls?.files !== undefined,
      isDraining: () => draining,
      onError: (error) => log.error({ err: error }, "request failed"),
    }),
  );
  await using rendezvous = createRendezvous({
    store,
    config,
    log,
    metrics,
    ice,
  });
  rendezvous.attach(door.http);
  const stop = stopSignal();
  // What escapes all handlers leaves the state unknown: the supervisor starts a fresh process.
  process.on("uncaughtExceptionMonitor", (error) => log.fatal({ err: error }, "fatal"));
  const port = await door.listen(settings.host, settings.port);
  door.http.on("error", (error) => log.error({ err: error }, "HTTP server"));
  // Long before the first client has signed in.
  await using stun = await serveStun(settings, port, { clock: systemClock, log, metrics }).catch(
    async (error: unknown) => {
      // A port that still listens would keep the process.
      await close(door, rendezvous);
      throw error;
    },
  );
  ice.stunPort = stun?.port;
  await using advertiser = await advertise(settings, port, { clock: systemClock, log });
  rendezvous.audit.write({ action: "server-started", actor: "server", detail: version });
  tell(log, { settings, port, version, tls, env: surroundings.env });

  using watching = new DisposableStack();
  watching.use(watchCertificate(door, tls, log));
  watching.use(watchChanges(store, rendezvous, log));
  const signal = await stop;
  draining = true;
  log.info({ signal }, "stopping");
  rendezvous.audit.write({ action: "server-stopped", actor: "server", detail: signal });
  // Lets nothing hold the process up; unref, so that it does not hold it up itself.
  setTimeout(() => process.exit(0), EXIT_MS).unref();
  await Promise.all([advertiser?.[Symbol.asyncDispose](), close(door, rendezvous)]);
  log.info("stopped");
  await new Promise((resolve) => log.flush(resolve));
}

/** Certificates are renewed without a restart. */
/**
 * Beside its connection a browser has some for pages. All that a proxy on another machine brings come
 * from one address; it needs a server without TLS.
 */
function connectionsOf(
  { maxConnections, connectionsPerAddress, trustProxy }: RendezvousConfig,
  hasTls: boolean,
): { most: number; perNetwork: number } {
  const most = 2 * maxConnections;
  return { most, perNetwork: trustProxy && !hasTls ? most : 2 * connectionsPerAddress };
}

function watchCertificate(door: FrontDoor, tls: ServerTls | undefined, log: Logger): Disposable {
  // At SIGHUP, which supervisors send for "reload", the server does not end in any case.
  if (tls?.files === undefined) {
    const nothing = (): void => log.info("there is nothing to reload");
    process.on("SIGHUP", nothing);
    return { [Symbol.dispose]: () => process.off("SIGHUP", nothing) };
  }
  return watchTls(
    tls.files,
    (pair) => {
      door.renew(pair);
      log.info({ certificate: fingerprintOf(pair.cert) }, "certificate read again");
    },
    (message) => log.warn(message),
  );
}

function clientOf(settings: Settings, log: Logger): HttpParts["client"] {
  if (!settings["web-client"]) return noClientPage;
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
  return (path, request) => built.reply(path, request, isEncrypted(request));
}

function tell(
  log: Logger,
  started: {
    readonly settings: Settings;
    readonly port: number;
    readonly version: string;
    readonly tls: ServerTls | undefined;
    readonly env: Surroundings["env"];
  },
): void {
  const { settings, port, version, tls, env } = started;
  for (const name of unknownVariables(env)) log.warn(`${name} is no setting and does nothing.`);
  const data = resolve(settings.data);
  log.info({ version, settings: printable({ ...settings, data }) }, "configuration");
  const { host } = settings;
  // On this machine itself a browser would not know a certificate of the server's own.
  const here = isWildcard(host) || host === "localhost" || isLoopback(host);
  const secure = tls !== undefined && (tls.files !== undefined || !here);
  const announcement = announcementOf(settings, port);
  announce(settings, announcement);
  const shown = {
    address: addressOf(host, port, secure),
    publicAddress: announcement.server,
    link: formatInviteLink(announcement),
    ...(tls === undefined ? {} : { certificate: fingerprintOf(tls.pair.cert) }),
  };
  // Programs that start the server wait for this line.
  log.info({ ...shown, host, port }, "listening");
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

async function close(door: FrontDoor, rendezvous: Rendezvous): Promise<void> {
  // No new connections from here on; open ones are told to go on elsewhere.
  const closed = door.close();
  await rendezvous.drain();
  door.closeAllConnections();
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
