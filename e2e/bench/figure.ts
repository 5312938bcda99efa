/** A measured number beside the reference of the same run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Absent only where nothing comparable exists and the goal is absolute. */
  readonly reference?: { readonly name: string; readonly value: number };
  /** On the ratio where there is a reference and `of` does not say otherwise. */
  readonly goal?: {
    readonly bound: "at most" | "at least";
    readonly limit: number;
    readonly of: "ratio" | "value";
  };
}

export interface Judged extends Figure {
  readonly ratio?: number;
  readonly met?: boolean;
}

export function judge(figure: Figure): Judged {
  const ratio = figure.reference === undefined ? undefined : figure.value / figure.reference.value;
  const judged = { ...figure, ...(ratio === undefined ? {} : { ratio }) };
  const { goal } = figure;
  if (goal === undefined) return judged;
  const measured = goal.of === "value" ? figure.value : ratio;
  if (measured === undefined) throw new Error(`${figure.name}: a ratio needs a reference`);
  return {
    ...judged,
    met: goal.bound === "at most" ? measured <= goal.limit : measured >= goal.limit,
  };
}

/** One line for people. */
export function format(figure: Judged): string {
  const reference =
    figure.reference === undefined || figure.ratio === undefined
      ? ""
      : `  = ${digits(figure.ratio)} × ${figure.reference.name} (${digits(figure.reference.value)})`;
  const goal =
    figure.goal === undefined
      ? ""
      : `  goal: ${figure.goal.bound} ${figure.goal.limit.toLocaleString("en")}${figure.goal.of === "ratio" ? " ×" : ""} ${figure.met === true ? "✓" : "✗ MISSED"}`;
  return `${figure.name}: ${digits(figure.value)} ${figure.unit}${reference}${goal}`;
}

function digits(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 4 });
}
