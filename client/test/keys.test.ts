import { describe, expect, it } from "vitest";
import { KEYS, keyOf } from "../src/keys";

const pressed = (key: string, held: Partial<KeyboardEvent> = {}) =>
  keyOf({ key, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...held } as KeyboardEvent)
    ?.does;

describe("keys", () => {
  it("mean what they write, however a keyboard makes them", () => {
    expect(pressed("{", { shiftKey: true })).toBe("begin the range a step later");
    expect(pressed("{")).toBe("begin the range a step later");
    expect(pressed("N", { shiftKey: true })).toBe("the one found before");
    expect(pressed("n")).toBe("the next place found");
  });

  it("that write nothing mean something else with Shift", () => {
    expect(pressed("ArrowLeft")).toBe("a step back");
    expect(pressed("ArrowLeft", { shiftKey: true })).toBe("a window back");
    expect(pressed("Escape", { shiftKey: true })).toBeUndefined();
  });

  it("take Command for Ctrl, and leave what is the browser's to the browser", () => {
    for (const held of [{ ctrlKey: true }, { metaKey: true }]) {
      expect(pressed("z", held)).toBe("undo, as Ctrl Z does");
      expect(pressed("Z", { ...held, shiftKey: true })).toBe("redo");
      expect(pressed("ArrowLeft", held)).toBeUndefined();
      expect(pressed("-", held)).toBeUndefined();
    }
    expect(pressed("ArrowLeft", { altKey: true })).toBeUndefined();
  });

  it("each mean one thing", () => {
    const all = KEYS.flatMap(({ keys }) => keys);
    expect(new Set(all).size).toBe(all.length);
  });
});
