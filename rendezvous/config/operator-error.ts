/** Something only the operator can put right: its message is the one line that they read. */
export class OperatorError extends Error {
  /** Exit code of the process: 1 for a failure, 2 for a wrong command line or configuration. */
  readonly exitCode: number;

  constructor(message: string, options: ErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options);
    this.name = "OperatorError";
    this.exitCode = options.exitCode ?? 1;
  }
}

/** A wrong command line or configuration. */
export function usageError(message: string, options: ErrorOptions = {}): OperatorError {
  return new OperatorError(message, { ...options, exitCode: 2 });
}
