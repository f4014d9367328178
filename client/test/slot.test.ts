import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../src/api";
import { Slot } from "../src/slot";

/** A request that a test answers when it likes. */
function requests() {
  const asked: {
    name: string;
    signal: AbortSignal;
    answer: (value: string) => void;
    fail: (error: Error) => void;
  }[] = [];
  const load = (name: string) => (signal: AbortSignal) =>
    new Promise<string>((answer, fail) => asked.push({ name, signal, answer, fail }));
  return { asked, load };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settle = () => vi.advanceTimersByTimeAsync(0);

describe("a slot", () => {
  it("asks once for what it wants, however often it is wanted", async () => {
    const { asked, load } = requests();
    const slot = new Slot<string>(() => {});
    for (let i = 0; i < 3; i++) slot.want("a", load("a"));
    expect(asked).toHaveLength(1);
    expect(slot.pending).toBe(true);
    asked[0].answer("A");
    await settle();
    expect(slot).toMatchObject({ value: "A", pending: false, error: null });
  });

  it("gives up a request that is overtaken, and never keeps its answer", async () => {
    const { asked, load } = requests();
    const slot = new Slot<string>(() => {});
    slot.want("a", load("a"));
    slot.want("b", load("b"));
    expect(asked[0].signal.aborted).toBe(true);
    asked[1].answer("B");
    await settle();
    asked[0].answer("A");
    await settle();
    expect(slot.value).toBe("B");
  });

  it("keeps the answer before until the next one is there", async () => {
    const { asked, load } = requests();
    const slot = new Slot<string>(() => {});
    slot.want("a", load("a"));
    asked[0].answer("A");
    await settle();
    slot.want("b", load("b"));
    expect(slot).toMatchObject({ value: "A", pending: true });
  });

  it("asks a server that does not answer again every few seconds, without being awaited", async () => {
    const { asked, load } = requests();
    const slot = new Slot<string>(() => {});
    slot.want("a", load("a"));
    for (let i = 0; i < 3; i++) {
      asked[i].fail(new ApiError("The server does not answer.", 0));
      await settle();
      expect(slot).toMatchObject({ pending: false, error: { status: 0 } });
      await vi.advanceTimersByTimeAsync(3000);
      expect(asked).toHaveLength(i + 2);
    }
    asked[3].answer("A");
    await settle();
    expect(slot).toMatchObject({ value: "A", pending: false, error: null });
    slot.want("b", load("b"));
    asked[4].fail(new ApiError("The server does not answer.", 0));
    await settle();
    slot.want("c", load("c"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.map(({ name }) => name)).toEqual(["a", "a", "a", "a", "b", "c"]);
  });

  it("asks only when the pause is over, for what is wanted then", async () => {
    const { asked, load } = requests();
    const slot = new Slot<string>(() => {});
    slot.want("a", load("a"), 40);
    await vi.advanceTimersByTimeAsync(30);
    slot.want("b", load("b"), 40);
    await vi.advanceTimersByTimeAsync(30);
    expect(asked).toHaveLength(0);
    expect(slot.pending).toBe(true);
    await vi.advanceTimersByTimeAsync(10);
    expect(asked.map(({ name }) => name)).toEqual(["b"]);
  });

  it("forgets everything where nothing is wanted", async () => {
    const { asked, load } = requests();
    const slot = new Slot<string>(() => {});
    slot.want("a", load("a"));
    asked[0].answer("A");
    await settle();
    slot.want(null, load("none"));
    expect(slot).toMatchObject({ value: null, pending: false, error: null });
  });

  it("keeps what went wrong, and asks again when told to", async () => {
    const { asked, load } = requests();
    const slot = new Slot<string>(() => {});
    slot.want("a", load("a"));
    asked[0].fail(new ApiError("no such source", 404));
    await settle();
    expect(slot).toMatchObject({ pending: false, error: { message: "no such source" } });
    slot.want("a", load("a"));
    expect(asked).toHaveLength(1);
    slot.retry();
    slot.want("a", load("a"));
    asked[1].answer("A");
    await settle();
    expect(slot).toMatchObject({ value: "A", error: null });
  });

  it("asks again by itself when the server says when", async () => {
    const { asked, load } = requests();
    const slot = new Slot<string>(() => {});
    slot.want("a", load("a"));
    asked[0].fail(new ApiError("being built", 503, 2, 0.5));
    await settle();
    expect(slot).toMatchObject({ pending: true, error: { progress: 0.5 } });
    await vi.advanceTimersByTimeAsync(2000);
    asked[1].answer("A");
    await settle();
    expect(slot).toMatchObject({ value: "A", pending: false, error: null });
  });

  it("says nothing of having been overtaken at the server, and asks again", async () => {
    const { asked, load } = requests();
    const slot = new Slot<string>(() => {});
    slot.want("a", load("a"));
    asked[0].fail(new ApiError("overtaken", 409));
    await settle();
    expect(slot).toMatchObject({ pending: true, error: null });
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toHaveLength(2);
  });
});
