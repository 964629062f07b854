/** The events of a subscription, whatever carries them, to wait for. */

const WITHIN_MS = 60_000;

export interface Sink<Event> {
  next: (event: Event) => void;
  error: (error: unknown) => void;
  complete: () => void;
}

interface Waiter<Event> {
  holds: (event: Event) => boolean;
  resolve: (event: Event) => void;
  reject: (error: Error) => void;
}

export class Stream<Event> {
  readonly #events: Event[] = [];
  readonly #stop: () => void;
  #taken = 0;
  #waiter: Waiter<Event> | undefined;
  #ended: Error | undefined;

  constructor(subscribe: (sink: Sink<Event>) => () => void) {
    this.#stop = subscribe({
      next: (event) => {
        this.#events.push(event);
        this.#look();
      },
      error: (error) => this.#end(error instanceof Error ? error : new Error(String(error))),
      complete: () => this.#end(new Error("the stream has ended")),
    });
  }

  /** The next event that is so; those before it are passed by. Throws where none comes in time. */
  async until(holds: (event: Event) => boolean): Promise<Event> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Event>((resolve, reject) => {
        const late = (): void => reject(new Error(`not heard: ${JSON.stringify(this.#events)}`));
        timer = setTimeout(late, WITHIN_MS);
        this.#waiter = { holds, resolve, reject };
        this.#look();
      });
    } finally {
      clearTimeout(timer);
      this.#waiter = undefined;
    }
  }

  /** Why it ended, once it has. */
  async end(): Promise<string> {
    try {
      await this.until(() => false);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    throw new Error("unreachable");
  }

  close(): void {
    this.#stop();
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#look();
  }

  #look(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    while (this.#taken < this.#events.length) {
      const event = this.#events[this.#taken++] as Event;
      if (waiter.holds(event)) return waiter.resolve(event);
    }
    if (this.#ended !== undefined) waiter.reject(this.#ended);
  }
}
