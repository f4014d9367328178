/** One answer of the server that the page wants to have, and the request for it that is under way. */
import { ApiError } from "./api";

/** The status of a request that, so the server thinks, a newer one made needless. */
const OVERTAKEN = 409;
/** In milliseconds. */
const OVERTAKEN_PAUSE = 100;
/** Before a server that does not answer is asked again; milliseconds. */
const UNREACHED_PAUSE = 3000;
/** In seconds. */
const RETRY_AT_MOST = 30;

/**
 * Asking for something else gives up the request before; the answer before stays until the new one is there. An
 * answer that comes too late is never kept.
 */
export class Slot<T> {
  value: T | null = null;
  error: ApiError | null = null;
  /** Whether something is awaited, be it only the pause before the request. */
  pending = false;
  private key: string | null = null;
  private controller = new AbortController();
  private timer: number | undefined;

  constructor(private readonly changed: () => void) {}

  /** Wants what `load` gives, which `key` names; null wants nothing, and forgets what was there. */
  want(key: string | null, load: (signal: AbortSignal) => Promise<T>, delay = 0): void {
    if (key === this.key) return;
    this.cancel();
    this.key = key;
    if (key === null) {
      this.value = null;
      this.error = null;
    } else {
      this.schedule(load, delay);
    }
    this.changed();
  }

  /** Lets what failed be asked for again. */
  retry(): void {
    if (!this.error) return;
    this.key = null;
    this.changed();
  }

  private cancel(): void {
    clearTimeout(this.timer);
    this.controller.abort();
    this.pending = false;
  }

  private schedule(load: (signal: AbortSignal) => Promise<T>, delay: number): void {
    this.pending = true;
    this.controller = new AbortController();
    const { signal } = this.controller;
    const ask = async () => {
      try {
        const value = await load(signal);
        if (signal.aborted) return;
        this.value = value;
        this.error = null;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) {
          this.error = new ApiError(error instanceof Error ? error.message : String(error), 0);
        } else if (error.status === OVERTAKEN) {
          // The request is wanted, so it was overtaken by an older one that reached the server later.
          this.timer = setTimeout(ask, OVERTAKEN_PAUSE);
          return;
        } else {
          this.error = error;
          if (error.retryAfter !== null) {
            this.timer = setTimeout(ask, Math.min(error.retryAfter, RETRY_AT_MOST) * 1000);
            this.changed();
            return;
          }
          // Nobody waits for it, but it may come back.
          if (error.status === 0) this.timer = setTimeout(ask, UNREACHED_PAUSE);
        }
      }
      this.pending = false;
      this.changed();
    };
    if (delay > 0) this.timer = setTimeout(ask, delay);
    else void ask();
  }
}
