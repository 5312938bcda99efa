import type { Examination, LinkStatus, NetworkSurvey, Route } from "../../../shared/chatkit/api.ts";
import type { NetworkApi } from "../../../shared/chatkit/network/network-api.ts";
import type { DeviceId, RoutePolicy, UserId } from "../../../shared/protocol/index.ts";

const survey: NetworkSurvey = {
  server: { state: "ok", roundTripMs: 2.1 },
  udp: "ok",
  turn: "none",
  multicast: "working",
  policy: "automatic",
};

/** Ways as a test or a picture needs them: the second person's are in trouble. */
export class FakeNetwork implements NetworkApi {
  readonly #links: () => readonly LinkStatus[];
  readonly #deviceOf: (userId: UserId) => DeviceId | undefined;
  readonly #onRoute: (route: Route) => void;
  readonly #routes = new Map<UserId, Route>();

  constructor(
    links: () => readonly LinkStatus[],
    deviceOf: (userId: UserId) => DeviceId | undefined,
    onRoute: (route: Route) => void,
  ) {
    this.#links = links;
    this.#deviceOf = deviceOf;
    this.#onRoute = onRoute;
  }

  links = (): readonly LinkStatus[] => this.#links();
  measure = async (): Promise<void> => undefined;
  route = (userId: UserId): Route =>
    this.#routes.get(userId) ?? { userId, own: "automatic", theirs: "automatic" };

  setRoute = async (userId: UserId, own: RoutePolicy): Promise<Route> => {
    const route = { ...this.route(userId), own };
    this.#routes.set(userId, route);
    this.#onRoute(route);
    return route;
  };

  examine = async (userId: UserId): Promise<readonly Examination[]> => {
    const deviceId = this.#deviceOf(userId);
    if (deviceId === undefined) return [];
    const link = this.#links().find((known) => known.deviceId === deviceId);
    const relay = { state: "ok", roundTripMs: 38 } as const;
    const pair = link?.pair;
    if (pair !== undefined) {
      const direct = { state: "ok", roundTripMs: 1.4, pair } as const;
      return [{ userId, deviceId, own: survey, theirs: survey, direct, relay, findings: ["ok"] }];
    }
    return [
      {
        userId,
        deviceId,
        own: survey,
        theirs: { ...survey, udp: "blocked", multicast: "none" },
        direct: { state: "failed" },
        relay,
        findings: ["peer-udp-blocked"],
      },
    ];
  };
}
