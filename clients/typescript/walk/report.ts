/** What the walk did, a JSON object a line on standard output, for whoever runs it. */

export interface Walked {
  /** The name of the operation in src/operations. */
  operation: string;
  /** What carried it. */
  via: "http" | "graphql-ws" | "graphql-sse" | "multipart";
  variables: unknown;
}

/** One operation that a client sent. */
export function walked(what: Walked): void {
  tell({ kind: "walked", ...what });
}

/** One step of the walk; what goes wrong in it is told, and passed on. */
export async function step(name: string, work: () => Promise<void>): Promise<void> {
  const began = performance.now();
  try {
    await work();
  } catch (error) {
    tell({ kind: "step", name, ok: false, error: described(error) });
    throw error;
  }
  tell({ kind: "step", name, ok: true, ms: Math.round(performance.now() - began) });
}

function described(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
