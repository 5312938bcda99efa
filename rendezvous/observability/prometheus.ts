import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { Metrics } from "../metrics.ts";

export interface PrometheusMetrics extends Metrics {
  readonly contentType: string;
  /** The exposition format, as `/metrics` serves it. */
  text(): Promise<string>;
}

/** The core's counts for Prometheus, with those of the process. */
export function createPrometheusMetrics(): PrometheusMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const counter = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
  ): Counter<L> => new Counter({ name, help, labelNames, registers });

  const connections = gauge("beeline_connections", "Open WebSocket connections");
  const devices = gauge("beeline_devices_online", "Signed-in devices");
  const channels = gauge("beeline_relay_channels", "Open relay channels");
  const requests = counter("beeline_requests_total", "Answered requests", ["method", "outcome"]);
  const relayedFrames = counter("beeline_relayed_frames_total", "Frames forwarded by relay");
  const relayedBytes = counter("beeline_relayed_bytes_total", "Bytes forwarded by relay");
  const stored = counter("beeline_mailbox_stored_total", "Envelopes accepted into mailboxes");
  const fanOut = counter("beeline_presence_told_total", "Accounts told of a presence change");
  const signIns = counter("beeline_sign_ins_total", "Attempts to sign in", ["way", "outcome"]);
  const closed = counter("beeline_closed_total", "Connections ended by the server", ["code"]);
  const stun = counter("beeline_stun_total", "Datagrams at the STUN port", ["outcome"]);

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    connections: (open) => connections.set(open),
    devicesOnline: (online) => devices.set(online),
    request: (method, outcome) => requests.inc({ method, outcome }),
    relayed: (frames, bytes) => {
      relayedFrames.inc(frames);
      relayedBytes.inc(bytes);
    },
    relayChannels: (open) => channels.set(open),
    mailboxStored: (envelopes) => stored.inc(envelopes),
    presenceFanOut: (accounts) => fanOut.inc(accounts),
    signIn: (way, outcome) => signIns.inc({ way, outcome }),
    closed: (code) => closed.inc({ code }),
    stun: (outcome) => stun.inc({ outcome }),
  };
}
