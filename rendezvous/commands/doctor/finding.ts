/** `bad` keeps the server from working, `poor` soon may. */
export interface Finding {
  readonly state: "good" | "poor" | "bad";
  readonly text: string;
}

export function good(text: string): Finding {
  return { state: "good", text };
}

export function poor(text: string): Finding {
  return { state: "poor", text };
}

export function bad(text: string): Finding {
  return { state: "bad", text };
}
